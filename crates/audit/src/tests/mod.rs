mod audit;
mod damage;
mod kill;
mod recount;
mod signing;
mod throughput;
mod world;
