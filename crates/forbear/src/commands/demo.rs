//! `demo`.

use std::io::{IsTerminal, stderr};
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::cli::{Demo, Format};
use crate::demo::{self, Ran};
use crate::failure::Failure;

pub(super) async fn run(asked: Demo, format: Format) -> Result<(), Failure> {
    let temporary = match &asked.keep {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("forbear-demo-").tempdir().map_err(Failure::failed)?),
    };
    let directory = match (&asked.keep, &temporary) {
        (Some(keep), _) => {
            let empty = keep.read_dir().map_or(true, |mut entries| entries.next().is_none());
            if !empty {
                return Err(Failure::usage(format!(
                    "expected an empty directory, {} is not",
                    keep.display()
                )));
            }
            std::fs::create_dir_all(keep).map_err(Failure::failed)?;
            keep.clone()
        }
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => return Err(Failure::failed("no directory for the demonstration")),
    };
    let demo = demo::Demo {
        directory,
        seed: asked.seed,
        cases: asked.cases,
        days: asked.days,
        nats: asked.nats,
        gate_partitions: asked.gate_partitions,
        pages: match (asked.exit, asked.nats) {
            (false, _) => Some(asked.listen),
            // The process for the pages is one of the five, also when nobody looks at them.
            (true, true) => Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            (true, false) => None,
        },
        progress: format == Format::Text && stderr().is_terminal(),
    };
    let ran = demo.run().await.map_err(Failure::failed)?;
    let kept = ran.report.kept();
    match format {
        Format::Json => println!("{}", object(&ran, !asked.exit)?),
        Format::Text => print!("{}", ran.report.text()),
    }
    if !asked.exit {
        announce(&ran, format);
        ran.serve().await;
    }
    ran.stop().await.map_err(Failure::failed)?;
    if kept { Ok(()) } else { Err(Failure::failed("a promise was not kept; see the report")) }
}

/// The report; while the pages are served, also where.
fn object(ran: &Ran, serving: bool) -> Result<Value, Failure> {
    let mut object = serde_json::to_value(&ran.report).map_err(Failure::failed)?;
    if serving {
        object["pages"] = json!(ran.pages.map(|address| format!("http://{address}/")));
        object["links"] = ran.links.iter().map(|(what, link)| json!({ "for": what, "link": link })).collect();
    }
    Ok(object)
}

fn announce(ran: &Ran, format: Format) {
    if format == Format::Json {
        return;
    }
    println!("\n  The pages, over this data, at mid-morning of the day after (Ctrl-C ends):");
    for (what, link) in &ran.links {
        println!("    {what}\n      {link}");
    }
    println!(
        "    numbers to try: {} (said stop), {} (the stranger)",
        demo::SOUGHT_NUMBER,
        demo::STRANGER_NUMBER
    );
}
