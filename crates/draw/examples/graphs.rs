//! Computational graphs as PNG (light and dark) and terminal text, one of them step by step:
//! `cargo run -p limpid-draw --example graphs DIR`.

#[path = "../tests/common/graphs.rs"]
mod example_graphs;
#[path = "../../graph/tests/support/mod.rs"]
mod support;

use example_graphs::{named, pictures, shop, shop_feeds, traced};
use limpid_draw::{Direction, GraphPicture, Theme};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).ok_or("give a folder to write to")?);
    std::fs::create_dir_all(&folder)?;
    let shop = traced(&shop(), &shop_feeds());
    let walk = GraphPicture::new(&shop);
    for (i, step) in walk.steps().into_iter().enumerate() {
        std::fs::write(folder.join(format!("k3-step-{i:02}.png")), walk.clone().at(step).scene().png(1.5)?)?;
    }
    std::fs::write(folder.join("k3-down.png"), walk.direction(Direction::Down).scene().png(1.5)?)?;
    for (name, drawing) in named() {
        for (how, picture) in pictures(&drawing).into_iter().take(2) {
            for (ground, theme) in [("light", Theme::Light), ("dark", Theme::Dark)] {
                let png = picture.scene().themed(theme).png(1.5)?;
                std::fs::write(folder.join(format!("{name}-{how}-{ground}.png")), png)?;
            }
            std::fs::write(folder.join(format!("{name}-{how}.txt")), picture.terminal(80, false))?;
        }
    }
    Ok(())
}
