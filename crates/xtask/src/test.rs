//! `cargo xtask test`: everything that must pass before a change is done.

use crate::run::{Failure, Steps, run};
use crate::workspace::Workspace;
use crate::{check, setup};

/// Sets up, checks (unless `quick`), then runs every test of the workspace and every doc test. Stops at the first
/// step that fails.
pub fn all(workspace: &Workspace, steps: &mut Steps, quick: bool) -> Result<(), Failure> {
    let tools = setup::all(workspace, steps)?;
    if !quick {
        check::all(workspace, steps)?;
    }
    let fix = "read the failing test above; `cargo nextest run -p <crate> <test>` repeats it alone";
    steps.step("tests", || {
        run(
            workspace
                .cargo(["nextest", "run", "--workspace"])
                .env("NATS_SERVER", &tools.nats_server)
                .env("FORBEAR_PYTHON", &tools.python)
                .env("FORBEAR_SCIPY", &tools.scipy),
            fix,
        )
    })?;
    steps.step("doc tests", || {
        run(
            &mut workspace.cargo(["test", "--doc", "--workspace", "--quiet"]),
            "read the failing example above",
        )
    })
}
