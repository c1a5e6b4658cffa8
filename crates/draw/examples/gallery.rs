//! Every kind of picture as SVG, PNG (light and dark) and terminal text: `cargo run -p limpid-draw --example gallery DIR`.

#[path = "../tests/common/mod.rs"]
mod common;

use limpid_draw::{Error, Theme};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).ok_or("give a folder to write to")?);
    std::fs::create_dir_all(&folder)?;
    for (name, picture) in common::samples()? {
        let scene = picture.scene()?;
        std::fs::write(folder.join(format!("{name}.svg")), scene.svg())?;
        std::fs::write(folder.join(format!("{name}.txt")), picture.terminal(80, false)?)?;
        std::fs::write(folder.join(format!("{name}.ansi")), picture.terminal(80, true)?)?;
        for (theme, suffix) in [(Theme::Light, ""), (Theme::Dark, "-dark")] {
            match scene.clone().themed(theme).png(1.5) {
                // Chinese and Japanese need a font of the system; where there is none, the other pictures are still made.
                Err(Error::MissingFont { .. }) => {}
                png => std::fs::write(folder.join(format!("{name}{suffix}.png")), png?)?,
            }
        }
    }
    Ok(())
}
