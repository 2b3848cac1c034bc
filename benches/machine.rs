//! The machine that a measurement was made on, and what of it this process uses.

use std::fs;
use std::path::Path;

use crate::Failed;

/// Processor, cores, memory, kernel, and the file system under `scratch`. Fails where that is in memory: a sync costs
/// nothing there.
pub fn describe(scratch: &Path) -> Result<String, Failed> {
    let info = fs::read_to_string("/proc/cpuinfo")?;
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism()?;
    let memory = fs::read_to_string("/proc/meminfo")?;
    let memory_kib: u64 = field(&memory, "MemTotal:")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let (device, kind) = mounted(scratch)?;
    if matches!(kind.as_str(), "tmpfs" | "ramfs") {
        let scratch = scratch.display();
        return Err(
            format!("expected {scratch} on a disk, it is on {kind}; set TMPDIR to one that is").into()
        );
    }
    Ok(format!(
        "{} ({cores} cores), {} GiB, Linux {}, {} ({kind} on {device})",
        model.trim_start_matches([' ', '\t', ':']),
        memory_kib / (1024 * 1024),
        kernel.trim(),
        scratch.display()
    ))
}

/// Device and type of the file system that a directory lies in.
fn mounted(directory: &Path) -> Result<(String, String), Failed> {
    let directory = directory.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let mount = |line: &str| {
        let mut fields = line.split(' ');
        Some((fields.next()?.to_owned(), fields.next()?.to_owned(), fields.next()?.to_owned()))
    };
    let holds = mounts.lines().filter_map(mount).filter(|(_, point, _)| directory.starts_with(point));
    let nearest = holds.max_by_key(|(_, point, _)| point.len());
    let (device, _, kind) = nearest.ok_or("expected / in /proc/self/mounts")?;
    Ok((device, kind))
}

/// Bytes of this process in memory: now, and at most ever.
pub fn resident() -> Result<(u64, u64), Failed> {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok((field(&status, "VmRSS:")? * 1024, field(&status, "VmHWM:")? * 1024))
}

/// Bytes of all files under a directory.
pub fn stored(directory: &Path) -> Result<u64, Failed> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { stored(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

fn field(text: &str, name: &str) -> Result<u64, Failed> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_whitespace().next());
    Ok(value.ok_or_else(|| format!("expected {name} in what the kernel says, found none"))?.parse()?)
}
