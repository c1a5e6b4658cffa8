//! What is drawn of a graph: which nodes stand alone, which are folded into one box, and the lines between them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use limpid_graph::show::{Drawing, DrawnNode};
use limpid_graph::{Layout, Leaf, MapOp, Op};

use super::label::{Label, is_number, minus, sign};
use super::{GraphPicture, Layers};

/// What kind of thing a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A value that comes from outside.
    Leaf,
    /// A number written in the graph.
    Constant,
    /// An op.
    Op,
    /// A layer whose nodes are folded.
    Layer,
    /// A parameter or state that becomes a value.
    Update,
}

/// A circle or box of the picture.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) kind: Kind,
    /// What stands in it.
    pub(crate) title: String,
    /// What stands over it; may be empty.
    pub(crate) caption: String,
    /// The function of single numbers that a single node computes, if it computes one.
    pub(crate) map: Option<MapOp>,
    /// The parameter or state that an update changes.
    pub(crate) target: Option<String>,
    /// The nodes of the graph in it; those that it passes over are not among them.
    pub(crate) members: Vec<usize>,
    /// How many lines come in.
    pub(crate) inputs: usize,
    /// The lines that leave it.
    pub(crate) outputs: Vec<usize>,
}

/// A line from one unit to all that use the value on it.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    /// The node of the graph whose value it carries.
    pub(crate) node: usize,
    /// That node's name, or its number.
    pub(crate) name: String,
    /// The unit that it leaves, and which of that unit's lines it is.
    pub(crate) from: (usize, usize),
    /// The units that it enters, and as which of their lines.
    pub(crate) to: Vec<(usize, usize)>,
    pub(crate) label: Label,
    /// Whether it is an answer of the graph.
    pub(crate) is_output: bool,
}

/// What stands around the units of an opened layer.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) name: String,
    /// In their order; more than one.
    pub(crate) units: Vec<usize>,
}

/// The units in an order in which they can be computed, and the lines between them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sketch {
    pub(crate) units: Vec<Unit>,
    pub(crate) nets: Vec<Net>,
    /// Those around others stand before them.
    pub(crate) frames: Vec<Frame>,
}

impl Sketch {
    pub(crate) fn of(picture: &GraphPicture<'_>) -> Self {
        let drawing = picture.drawing;
        if !is_sound(drawing) {
            return Self::default();
        }
        let seen = Seen::new(drawing, picture.everything);
        let groups = Groups::new(drawing, &seen, &picture.layers);
        let mut sketch = Self::default();
        let mut line_of: HashMap<usize, usize> = HashMap::new();
        let leaving = leaving(drawing, &seen, &groups);
        for members in groups.in_order().into_iter().map(|group| &groups.members[group]) {
            let unit = sketch.units.len();
            let mut sources: Vec<usize> = Vec::new();
            for &member in members {
                let inputs = drawing.nodes[member].inputs.iter().map(|&input| seen.source[input]);
                let outside = inputs.filter(|input| groups.of[*input] != groups.of[member]);
                // A box lists what comes in once; an op each of its operands.
                outside.for_each(|input| {
                    if members.len() == 1 || !sources.contains(&input) {
                        sources.push(input)
                    }
                });
            }
            for (slot, source) in sources.iter().enumerate() {
                if let Some(&line) = line_of.get(source) {
                    let net: &mut Net = &mut sketch.nets[line];
                    net.to.push((unit, slot));
                }
            }
            let mut outputs = Vec::new();
            for &node in members.iter().filter(|&&member| leaving.contains(&member)) {
                line_of.insert(node, sketch.nets.len());
                outputs.push(sketch.nets.len());
                let label = Label::of(&drawing.nodes[node], picture.digits, picture.everything);
                let (from, is_output) = ((unit, outputs.len() - 1), drawing.outputs.contains(&node));
                let name = named(&drawing.nodes[node]);
                sketch.nets.push(Net { node, name, from, to: Vec::new(), label, is_output });
            }
            let is_layer = groups.layer[groups.of[members[0]]].is_some();
            let mut next = if is_layer { layer(drawing, members, &groups) } else { alone(drawing, members[0]) };
            (next.inputs, next.outputs) = (sources.len(), outputs);
            sketch.units.push(next);
        }
        sketch.add_updates(drawing, &seen, &line_of);
        sketch.add_frames(drawing, &seen, &picture.layers);
        sketch
    }

    /// A frame around each opened layer of several units; of a layer and its backward pass two, as they fold into two
    /// boxes.
    fn add_frames(&mut self, drawing: &Drawing, seen: &Seen, layers: &Layers) {
        let mut unit_of: HashMap<usize, usize> = HashMap::new();
        for (at, unit) in self.units.iter().enumerate() {
            unit_of.extend(unit.members.iter().map(|&member| (member, at)));
        }
        let ends = |path: &str| path.match_indices('/').map(|(at, _)| at).chain([path.len()]).collect::<Vec<_>>();
        let prefixes = drawing
            .nodes
            .iter()
            .filter(|node| !node.path.is_empty())
            .flat_map(|node| ends(&node.path).into_iter().map(move |end| &node.path[..end]));
        let opened: BTreeSet<&str> = prefixes.filter(|path| layers.is_open(path)).collect();
        // Of paths in order, each stands behind those that it is in.
        for path in opened {
            let outer = path.rfind('/').map(|end| path[..end].to_string());
            let folded = Layers { all: false, opened: outer.into_iter().collect() };
            let groups = Groups::new(drawing, seen, &folded);
            for (group, members) in groups.members.iter().enumerate() {
                if groups.layer[group].as_deref() != Some(path) {
                    continue;
                }
                let units: BTreeSet<usize> = members.iter().filter_map(|member| unit_of.get(member).copied()).collect();
                if units.len() > 1 {
                    let Unit { title, caption, .. } = layer(drawing, members, &groups);
                    let name = if caption.is_empty() { title } else { format!("{caption}: {title}") };
                    self.frames.push(Frame { name, units: units.into_iter().collect() });
                }
            }
        }
    }

    /// What the derivatives are of, where there are any.
    pub(crate) fn legend(&self) -> Option<String> {
        self.nets.iter().find(|net| !net.label.below.is_empty())?;
        let of = self.answers().next().map_or(String::new(), |name| format!(" of {name}"));
        Some(format!("derivatives{of}"))
    }

    /// The names of the graph's answers, as far as they have any.
    fn answers(&self) -> impl Iterator<Item = &str> {
        let answers = self.nets.iter().filter(|net| net.is_output);
        answers.filter(|net| !net.name.starts_with('%')).map(|net| net.name.as_str())
    }

    /// What the picture is, for those who cannot see it.
    pub(crate) fn described(&self) -> String {
        let listed = |names: Vec<&str>, noun: &str| match names.len() {
            0 => String::new(),
            1..=6 => names.join(", "),
            count => format!("{count} {noun}"),
        };
        let leaves = self.units.iter().filter(|unit| unit.kind == Kind::Leaf).map(|unit| unit.title.as_str());
        let mut text = "computational graph".to_string();
        let parts =
            [(" of ", listed(self.answers().collect(), "answers")), (" from ", listed(leaves.collect(), "inputs"))];
        for (word, names) in parts.into_iter().filter(|(_, names)| !names.is_empty()) {
            text += &format!("{word}{names}");
        }
        let has_derivatives = self.nets.iter().any(|net| !net.label.below.is_empty());
        text + if has_derivatives { ", with values and derivatives" } else { "" }
    }

    /// What a run changes, as the last units.
    fn add_updates(&mut self, drawing: &Drawing, seen: &Seen, line_of: &HashMap<usize, usize>) {
        for assignment in &drawing.assignments {
            let Some(&line) = line_of.get(&seen.source[assignment.value]) else { continue };
            let target = named(&drawing.nodes[assignment.target]);
            self.nets[line].to.push((self.units.len(), 0));
            self.units.push(Unit {
                kind: Kind::Update,
                title: format!("→ {target}"),
                caption: String::new(),
                map: None,
                target: Some(target),
                members: Vec::new(),
                inputs: 1,
                outputs: Vec::new(),
            });
        }
    }
}

/// Whether the nodes stand in their order, each behind its inputs, as those of every finished graph do.
fn is_sound(drawing: &Drawing) -> bool {
    let count = drawing.nodes.len();
    let in_order = |(at, node): (usize, &DrawnNode)| node.id == at && node.inputs.iter().all(|&input| input < at);
    let named = drawing.assignments.iter().flat_map(|assignment| [assignment.target, assignment.value]);
    drawing.nodes.iter().enumerate().all(in_order) && named.chain(drawing.outputs.iter().copied()).all(|id| id < count)
}

/// A node's name, or its number.
fn named(node: &DrawnNode) -> String {
    match &node.name {
        Some(name) => name.clone(),
        None if is_number(node) => node.attributes.clone(),
        None => format!("%{}", node.id),
    }
}

/// A node on its own.
fn alone(drawing: &Drawing, id: usize) -> Unit {
    let node = &drawing.nodes[id];
    let name = node.name.clone().unwrap_or_default();
    let operand = node.inputs.first().map(|&input| &drawing.nodes[input]);
    let operand = operand.and_then(|operand| operand.name.clone()).unwrap_or_default();
    let sign = sign(node, &operand);
    let with_attributes = |name: &str| format!("{name} {}", node.attributes).trim().to_string();
    let (kind, title, caption) = match &node.computes {
        Op::Leaf(_) if is_number(node) => (Kind::Constant, minus(&node.attributes), name),
        Op::Leaf(_) if node.name.is_some() => (Kind::Leaf, name, String::new()),
        Op::Leaf(Leaf::Extent(_)) => (Kind::Leaf, format!("size of {}", node.attributes), String::new()),
        Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State | Leaf::Constant(_)) => {
            (Kind::Leaf, with_attributes(&node.op), String::new())
        }
        Op::Reduce(_) | Op::Index(_) | Op::Layout(_) | Op::Window(_) if !node.attributes.is_empty() => {
            (Kind::Op, format!("{sign} {}", node.attributes).trim_end_matches("axes ").trim().to_string(), name)
        }
        Op::Map(_)
        | Op::Formula(_)
        | Op::Contract
        | Op::Reduce(_)
        | Op::Index(_)
        | Op::Layout(_)
        | Op::Window(_)
        | Op::Random(_) => (Kind::Op, sign, name),
    };
    let map = if let Op::Map(op) = node.computes { Some(op) } else { None };
    Unit { kind, title, caption, map, target: None, members: vec![node.id], inputs: 0, outputs: Vec::new() }
}

/// Whether the op only repeats its input's numbers, or gives them another shape.
fn carries(op: &Op) -> bool {
    match op {
        Op::Layout(Layout::Broadcast(_) | Layout::Reshape(_)) => true,
        Op::Layout(_)
        | Op::Leaf(_)
        | Op::Map(_)
        | Op::Formula(_)
        | Op::Reduce(_)
        | Op::Contract
        | Op::Index(_)
        | Op::Window(_)
        | Op::Random(_) => false,
    }
}

/// The box of a folded layer.
fn layer(drawing: &Drawing, members: &[usize], groups: &Groups) -> Unit {
    let path = groups.layer[groups.of[members[0]]].clone().unwrap_or_default();
    let own = members.iter().map(|&member| &drawing.nodes[member]).find(|node| node.path == path);
    let name = own.map(|node| node.layer.clone()).filter(|layer| !layer.is_empty());
    // The second box of a layer is what its gradient was described in.
    let group = groups.of[members[0]];
    let way = if groups.layer[..group].contains(&groups.layer[group]) { ", backward" } else { "" };
    let (title, caption) = match name {
        Some(name) => (name, format!("layer {path}{way}")),
        None => (path, way.trim_start_matches(", ").to_string()),
    };
    let members = members.to_vec();
    Unit { kind: Kind::Layer, title, caption, map: None, target: None, members, inputs: 0, outputs: Vec::new() }
}

/// The nodes whose values leave their unit: used by another unit, an answer, or not used at all.
fn leaving(drawing: &Drawing, seen: &Seen, groups: &Groups) -> BTreeSet<usize> {
    let mut leaving: BTreeSet<usize> = drawing.outputs.iter().map(|&output| seen.source[output]).collect();
    leaving.extend(drawing.assignments.iter().map(|assignment| seen.source[assignment.value]));
    let mut used = BTreeSet::new();
    for node in drawing.nodes.iter().filter(|node| seen.is_seen(node.id)) {
        for input in node.inputs.iter().map(|&input| seen.source[input]) {
            used.insert(input);
            if groups.of[input] != groups.of[node.id] {
                leaving.insert(input);
            }
        }
    }
    // A running statistic that a layer keeps and does not read is no line out of the layer.
    let is_kept = |node: &DrawnNode| matches!(node.computes, Op::Leaf(Leaf::State | Leaf::Parameter));
    let is_inside = |node: &DrawnNode| groups.members[groups.of[node.id]].len() > 1 && is_kept(node);
    let unused = drawing.nodes.iter().filter(|node| seen.is_seen(node.id) && !used.contains(&node.id));
    leaving.extend(unused.filter(|node| !is_inside(node)).map(|node| node.id));
    leaving
}

/// Which nodes are seen, and which node stands for each that is not.
struct Seen {
    source: Vec<usize>,
}

impl Seen {
    /// Broadcasts and reshapes carry the same numbers on: the line runs through them.
    fn new(drawing: &Drawing, everything: bool) -> Self {
        let mut source: Vec<usize> = Vec::new();
        for node in &drawing.nodes {
            let kept = everything || node.is_blank || node.name.is_some() || drawing.outputs.contains(&node.id);
            source.push(match node.inputs[..] {
                [input] if carries(&node.computes) && !kept => source[input],
                _ => node.id,
            });
        }
        Self { source }
    }

    fn is_seen(&self, id: usize) -> bool {
        self.source[id] == id
    }
}

/// The nodes in groups: each alone, or with the others of a folded layer.
struct Groups {
    /// The group of each node; of one that is not seen, that of its source.
    of: Vec<usize>,
    members: Vec<Vec<usize>>,
    /// The path of the layer that a group is folded from.
    layer: Vec<Option<String>>,
    /// The groups that use a group's values.
    next: Vec<BTreeSet<usize>>,
}

impl Groups {
    fn new(drawing: &Drawing, seen: &Seen, layers: &Layers) -> Self {
        let mut groups = Self { of: Vec::new(), members: Vec::new(), layer: Vec::new(), next: Vec::new() };
        let mut latest: BTreeMap<String, usize> = BTreeMap::new();
        for node in &drawing.nodes {
            if !seen.is_seen(node.id) {
                groups.of.push(groups.of[seen.source[node.id]]);
                continue;
            }
            let sources: BTreeSet<usize> = node.inputs.iter().map(|&input| groups.of[seen.source[input]]).collect();
            let folded = layers.folded(&node.path).map(str::to_string);
            let known = folded.as_ref().and_then(|path| latest.get(path).copied());
            // The backward pass of a layer belongs to the layer, but comes back to it from outside: a box of its own.
            let group = known.filter(|&group| !reaches(&groups.next, group, &sources)).unwrap_or_else(|| {
                groups.members.push(Vec::new());
                groups.layer.push(folded.clone());
                groups.next.push(BTreeSet::new());
                groups.members.len() - 1
            });
            groups.of.push(group);
            groups.members[group].push(node.id);
            sources.iter().filter(|&&source| source != group).for_each(|&source| {
                groups.next[source].insert(group);
            });
            if let Some(path) = folded {
                latest.insert(path, group);
            }
        }
        groups
    }

    /// The groups, each behind those that it needs.
    fn in_order(&self) -> Vec<usize> {
        let mut waits: Vec<usize> = vec![0; self.next.len()];
        self.next.iter().flatten().for_each(|&user| waits[user] += 1);
        let mut ready: BTreeSet<usize> = (0..waits.len()).filter(|&group| waits[group] == 0).collect();
        let mut order = Vec::new();
        while let Some(group) = ready.pop_first() {
            order.push(group);
            for &user in &self.next[group] {
                waits[user] -= 1;
                if waits[user] == 0 {
                    ready.insert(user);
                }
            }
        }
        order
    }
}

/// Whether one of `targets` other than `from` can be reached from it.
fn reaches(next: &[BTreeSet<usize>], from: usize, targets: &BTreeSet<usize>) -> bool {
    let mut open: Vec<usize> = next[from].iter().copied().collect();
    let mut met = BTreeSet::new();
    while let Some(group) = open.pop() {
        if targets.contains(&group) {
            return true;
        }
        if met.insert(group) {
            open.extend(&next[group]);
        }
    }
    false
}
