//! The stack machine: bytes → a list of values that refer to each other.
//!
//! Source: CPython's `Lib/pickletools.py`, which describes every instruction, and PEP 307, 3154 and 574 for protocols
//! 2, 4 and 5. What an instruction may do here is bounded: it reads what is there, adds at most one value, and refers
//! to what stands on the stack. What would import or call goes through the list in `globals.rs`.

use std::borrow::Cow;
use std::collections::HashMap;

use super::globals::Global;
use super::node::{Id, Node};
use super::refused::{Refusal, refusal};
use super::text::{self, Whole, excerpt};
use super::{MAX_PROTOCOL, PickleError, Storages, opcode as op};
use crate::sniff::sniff;

/// What copies may cost in all, beyond what instructions add: this many times the input, and a little.
const SPARE_FACTOR: usize = 8;
const SPARE_BYTES: usize = 64 << 10;

pub(super) struct Machine<'a> {
    input: &'a [u8],
    /// Where the next byte is read.
    next: usize,
    /// Where the instruction that is being carried out stands.
    pub(super) at: usize,
    pub(super) nodes: Vec<Node<'a>>,
    stack: Vec<Id>,
    /// The heights of the stack that were marked.
    marks: Vec<u32>,
    memo: HashMap<u32, Id>,
    spare_bytes: usize,
    /// The numbers beside a PyTorch pickle; `None` for a plain one.
    pub(super) storages: Option<&'a Storages<'a>>,
}

pub(super) type Outcome<T = ()> = Result<T, PickleError>;

impl<'a> Machine<'a> {
    pub(super) fn new(input: &'a [u8], storages: Option<&'a Storages<'a>>) -> Self {
        Self {
            input,
            next: 0,
            at: 0,
            nodes: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            spare_bytes: input.len().saturating_mul(SPARE_FACTOR).saturating_add(SPARE_BYTES),
            storages,
        }
    }

    /// Carries out every instruction, and answers with the value that is left.
    pub(super) fn run(&mut self) -> Outcome<Id> {
        loop {
            self.at = self.next;
            let Some(&code) = self.input.get(self.at) else {
                return Err(PickleError::NoStop { length: self.input.len() });
            };
            self.next += 1;
            if code == op::STOP {
                break;
            }
            self.step(code)?;
        }
        let root = self.pop()?;
        let count = self.input.len() - self.next;
        if count > 0 {
            return Err(PickleError::TrailingBytes { offset: self.next, count });
        }
        Ok(root)
    }

    /// One line an instruction, in the order of `opcode.rs`.
    fn step(&mut self, code: u8) -> Outcome {
        match code {
            op::MARK => self.mark(),
            op::POP => self.pop_or_unmark(),
            op::POP_MARK => self.pop_to_mark().map(drop),
            op::DUP => self.top().map(|id| self.stack.push(id)),

            op::NONE => self.push(Node::None),
            op::NEWTRUE => self.push(Node::Bool(true)),
            op::NEWFALSE => self.push(Node::Bool(false)),
            op::INT | op::LONG => self.decimal(code),
            op::BININT => self.take().and_then(|b| self.push(Node::Int(i32::from_le_bytes(b).into()))),
            op::BININT1 => self.take().and_then(|b| self.push(Node::Int(u8::from_le_bytes(b).into()))),
            op::BININT2 => self.take().and_then(|b| self.push(Node::Int(u16::from_le_bytes(b).into()))),
            op::LONG1 => self.long(1),
            op::LONG4 => self.long(4),
            op::FLOAT => self.line().and_then(|line| self.checked(text::float(line))).and_then(|x| self.float(x)),
            op::BINFLOAT => self.take().and_then(|b| self.float(f64::from_be_bytes(b))),

            op::STRING => self.line().and_then(|line| self.checked(text::string(line))).and_then(|s| self.string(s)),
            op::BINSTRING => self.prefixed(4).and_then(|bytes| self.string(Cow::Borrowed(bytes))),
            op::SHORT_BINSTRING => self.prefixed(1).and_then(|bytes| self.string(Cow::Borrowed(bytes))),

            op::UNICODE => self.raw_unicode(),
            op::SHORT_BINUNICODE => self.utf_8(1),
            op::BINUNICODE => self.utf_8(4),
            op::BINUNICODE8 => self.utf_8(8),

            op::SHORT_BINBYTES => self.bytes(1),
            op::BINBYTES => self.bytes(4),
            op::BINBYTES8 | op::BYTEARRAY8 => self.bytes(8),
            op::NEXT_BUFFER | op::READONLY_BUFFER => Err(self.out_of_band()),

            op::EMPTY_TUPLE => self.push(Node::Tuple(Vec::new())),
            op::TUPLE => self.pop_to_mark().and_then(|items| self.push(Node::Tuple(items))),
            op::TUPLE1 => self.tuple(1),
            op::TUPLE2 => self.tuple(2),
            op::TUPLE3 => self.tuple(3),
            op::EMPTY_LIST => self.push(Node::List(Vec::new())),
            op::LIST => self.pop_to_mark().and_then(|items| self.push(Node::List(items))),
            op::APPEND => self.pop().and_then(|item| self.append(vec![item])),
            op::APPENDS => self.pop_to_mark().and_then(|items| self.append(items)),
            op::EMPTY_DICT => self.push(Node::Dict(Vec::new())),
            op::DICT => self.pop_to_mark().and_then(|items| self.new_dict(&items)),
            op::SETITEM => self.set_item(),
            op::SETITEMS => self.pop_to_mark().and_then(|items| self.set_items(&items)),
            op::EMPTY_SET => self.push(Node::Set(Vec::new())),
            op::ADDITEMS => self.pop_to_mark().and_then(|items| self.add(items)),
            op::FROZENSET => self.pop_to_mark().and_then(|items| self.push(Node::Set(items))),

            op::PUT => self.line().and_then(|line| self.index(line)).and_then(|index| self.put(index)),
            op::BINPUT => self.take().and_then(|[index]| self.put(index.into())),
            op::LONG_BINPUT => self.take().and_then(|b| self.put(u32::from_le_bytes(b))),
            op::MEMOIZE => self.put(self.memo.len() as u32),
            op::GET => self.line().and_then(|line| self.index(line)).and_then(|index| self.get(index)),
            op::BINGET => self.take().and_then(|[index]| self.get(index.into())),
            op::LONG_BINGET => self.take().and_then(|b| self.get(u32::from_le_bytes(b))),

            op::GLOBAL => self.global(),
            op::STACK_GLOBAL => self.stack_global(),
            op::REDUCE | op::NEWOBJ => self.reduce(),
            op::NEWOBJ_EX => self.new_object_with_keywords(),
            op::BUILD => self.build(),
            op::INST => self.instance(),
            op::OBJ => self.object(),
            op::EXT1 | op::EXT2 | op::EXT4 => Err(self.extension()),
            op::PERSID => Err(self.persistent_line()),
            op::BINPERSID => self.pop().and_then(|id| self.persistent(id)),

            op::PROTO => self.protocol(),
            op::FRAME => self.frame(),
            _ if self.at == 0 => Err(PickleError::NotPickle { found: sniff(self.input) }),
            _ => Err(PickleError::Instruction { code, offset: self.at }),
        }
    }

    // Input.

    fn slice(&mut self, needed: u64) -> Outcome<&'a [u8]> {
        let rest = &self.input[self.next..];
        let cut = PickleError::Cut { offset: self.at, needed, found: rest.len() };
        let slice = usize::try_from(needed).ok().and_then(|length| rest.get(..length)).ok_or(cut)?;
        self.next += slice.len();
        Ok(slice)
    }

    fn take<const LENGTH: usize>(&mut self) -> Outcome<[u8; LENGTH]> {
        let mut bytes = [0; LENGTH];
        bytes.copy_from_slice(self.slice(LENGTH as u64)?);
        Ok(bytes)
    }

    /// Up to the end of the line, without it.
    fn line(&mut self) -> Outcome<&'a [u8]> {
        let rest = &self.input[self.next..];
        let Some(length) = rest.iter().position(|&byte| byte == b'\n') else {
            return Err(PickleError::Cut { offset: self.at, needed: rest.len() as u64 + 1, found: rest.len() });
        };
        self.next += length + 1;
        Ok(&rest[..length])
    }

    /// A length in so many bytes, and as many bytes as it says.
    fn prefixed(&mut self, width: u64) -> Outcome<&'a [u8]> {
        let mut length = [0; 8];
        length[..width as usize].copy_from_slice(self.slice(width)?);
        self.slice(u64::from_le_bytes(length))
    }

    // The stack.

    /// Below this the stack belongs to an earlier mark.
    fn floor(&self) -> usize {
        self.marks.last().map_or(0, |&mark| mark as usize)
    }

    pub(super) fn top(&self) -> Outcome<Id> {
        match self.stack[self.floor()..].last() {
            Some(&id) => Ok(id),
            None => Err(self.malformed("the stack is empty")),
        }
    }

    pub(super) fn pop(&mut self) -> Outcome<Id> {
        let id = self.top()?;
        self.stack.pop();
        Ok(id)
    }

    fn pop_to_mark(&mut self) -> Outcome<Vec<Id>> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.drain(mark as usize..).collect()),
            None => Err(self.malformed("there is no mark on the stack")),
        }
    }

    fn pop_or_unmark(&mut self) -> Outcome {
        if self.stack.len() == self.floor() && self.marks.pop().is_some() {
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn mark(&mut self) -> Outcome {
        self.marks.push(self.stack.len() as u32);
        Ok(())
    }

    pub(super) fn push(&mut self, node: Node<'a>) -> Outcome {
        let id = self.add_node(node)?;
        self.stack.push(id);
        Ok(())
    }

    pub(super) fn push_id(&mut self, id: Id) {
        self.stack.push(id);
    }

    pub(super) fn add_node(&mut self, node: Node<'a>) -> Outcome<Id> {
        // One instruction, at least a byte, stands behind each: only a file of 4 GiB gets here.
        let id = Id::try_from(self.nodes.len()).map_err(|_| self.too_large())?;
        self.nodes.push(node);
        Ok(id)
    }

    pub(super) fn node(&self, id: Id) -> &Node<'a> {
        &self.nodes[id as usize]
    }

    /// The text under what is on top: where the top is a dict's value, its key.
    pub(super) fn key_below(&self) -> Option<String> {
        let below = self.stack[self.floor()..].iter().rev().nth(1)?;
        self.node(*below).text().map(|text| text.chars().take(80).collect())
    }

    // Values.

    fn decimal(&mut self, code: u8) -> Outcome {
        let line = self.line()?;
        // Truth values, before protocol 2.
        match (code, line) {
            (op::INT, b"00") => return self.push(Node::Bool(false)),
            (op::INT, b"01") => return self.push(Node::Bool(true)),
            _ => {}
        }
        match self.checked(text::whole(line))? {
            Whole::Small(small) => self.push(Node::Int(small)),
            Whole::Large(bytes) => self.push(Node::BigInt(Cow::Owned(bytes))),
        }
    }

    fn long(&mut self, width: u64) -> Outcome {
        if width == 4 && self.input.get(self.next + 3).is_some_and(|&byte| byte & 0x80 != 0) {
            return Err(self.malformed("a whole number of negative length"));
        }
        let bytes = self.prefixed(width)?;
        if bytes.len() > 8 {
            return self.push(Node::BigInt(Cow::Borrowed(bytes)));
        }
        let negative = bytes.last().is_some_and(|&byte| byte & 0x80 != 0);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        self.push(Node::Int(i64::from_le_bytes(wide)))
    }

    fn float(&mut self, value: f64) -> Outcome {
        self.push(Node::Float(value))
    }

    fn string(&mut self, bytes: Cow<'a, [u8]>) -> Outcome {
        self.push(Node::ByteString(bytes))
    }

    fn bytes(&mut self, width: u64) -> Outcome {
        let bytes = self.prefixed(width)?;
        self.push(Node::Bytes(Cow::Borrowed(bytes)))
    }

    fn raw_unicode(&mut self) -> Outcome {
        let line = self.line()?;
        let text = self.checked(text::unicode(line))?;
        self.push(Node::Text(text))
    }

    fn utf_8(&mut self, width: u64) -> Outcome {
        let bytes = self.prefixed(width)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => self.push(Node::Text(Cow::Borrowed(text))),
            Err(error) => Err(self.malformed(&format!("a text is not UTF-8 from its byte {}", error.valid_up_to()))),
        }
    }

    // Containers.

    fn tuple(&mut self, length: usize) -> Outcome {
        let start = self.stack.len().checked_sub(length).filter(|&start| start >= self.floor());
        let Some(start) = start else {
            return Err(self.malformed("a tuple of more than the stack holds"));
        };
        let items = self.stack.drain(start..).collect();
        self.push(Node::Tuple(items))
    }

    fn append(&mut self, items: Vec<Id>) -> Outcome {
        let list = self.top()?;
        match &mut self.nodes[list as usize] {
            Node::List(own) => own.extend(items),
            other => {
                let reason = format!("items for {}, which takes none", other.kind());
                return Err(self.malformed(&reason));
            }
        }
        Ok(())
    }

    fn add(&mut self, items: Vec<Id>) -> Outcome {
        let set = self.top()?;
        match &mut self.nodes[set as usize] {
            Node::Set(own) => own.extend(items),
            other => {
                let reason = format!("members for {}, which takes none", other.kind());
                return Err(self.malformed(&reason));
            }
        }
        Ok(())
    }

    fn set_item(&mut self) -> Outcome {
        let value = self.pop()?;
        let key = self.pop()?;
        self.set_items(&[key, value])
    }

    fn set_items(&mut self, items: &[Id]) -> Outcome {
        let pairs = self.pairs(items)?;
        let dict = self.top()?;
        match &mut self.nodes[dict as usize] {
            Node::Dict(own) => own.extend(pairs),
            other => {
                let reason = format!("entries for {}, which takes none", other.kind());
                return Err(self.malformed(&reason));
            }
        }
        Ok(())
    }

    fn new_dict(&mut self, items: &[Id]) -> Outcome {
        let pairs = self.pairs(items)?;
        self.push(Node::Dict(pairs))
    }

    fn pairs(&self, items: &[Id]) -> Outcome<Vec<(Id, Id)>> {
        let (pairs, rest) = items.as_chunks::<2>();
        if rest.is_empty() {
            return Ok(pairs.iter().map(|&[key, value]| (key, value)).collect());
        }
        Err(self.malformed("a key without a value"))
    }

    // The memo.

    fn index(&self, line: &[u8]) -> Outcome<u32> {
        let index = std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok());
        index.ok_or_else(|| self.malformed(&format!("{} is not a place in the memo", excerpt(line))))
    }

    fn put(&mut self, index: u32) -> Outcome {
        let id = self.top()?;
        self.memo.insert(index, id);
        Ok(())
    }

    fn get(&mut self, index: u32) -> Outcome {
        match self.memo.get(&index) {
            Some(&id) => self.stack.push(id),
            None => return Err(self.malformed(&format!("nothing was memorised as {index}"))),
        }
        Ok(())
    }

    // Names and calls: `calls.rs` says what they mean.

    fn global(&mut self) -> Outcome {
        let module = String::from_utf8_lossy(self.line()?);
        let name = String::from_utf8_lossy(self.line()?);
        self.look_up(&module, &name)
    }

    fn stack_global(&mut self) -> Outcome {
        let name = self.pop()?;
        let module = self.pop()?;
        let text = |id| self.node(id).text().map(Cow::into_owned);
        match (text(module), text(name)) {
            (Some(module), Some(name)) => self.look_up(&module, &name),
            _ => Err(self.malformed("a global whose module or name is not text")),
        }
    }

    fn look_up(&mut self, module: &str, name: &str) -> Outcome {
        let global = self.allowed(module, name)?;
        self.push(Node::Global(global))
    }

    fn allowed(&self, module: &str, name: &str) -> Outcome<Global> {
        let torch = || self.storages.and_then(|_| Global::torch(module, name));
        Global::plain(module, name).or_else(torch).ok_or_else(|| self.refused(module, name))
    }

    fn refused(&self, module: &str, name: &str) -> PickleError {
        let short = |text: &str| text.chars().take(200).collect::<String>();
        let (module, name) = (short(module), short(name));
        let (offset, is_torch) = (self.at, self.storages.is_some());
        match refusal(&module, &name, is_torch) {
            Refusal::Class(advice) => {
                let class = self.class_made_next(&name).unwrap_or(format!("{module}.{name}"));
                PickleError::Module { class, offset, advice }
            }
            Refusal::Other(advice) => PickleError::Global { module, name, offset, advice },
        }
    }

    /// The class that `_reconstructor` is to make an object of: its first argument, which is named behind the mark.
    fn class_made_next(&self, name: &str) -> Option<String> {
        const NEAR: usize = 24;
        let rest = self.input.get(self.next..).filter(|_| name == "_reconstructor")?;
        let mark = rest.windows(2).take(NEAR).position(|pair| *pair == [op::MARK, op::GLOBAL])?;
        let mut lines = rest[mark + 2..].splitn(3, |&byte| byte == b'\n').map(String::from_utf8_lossy);
        let (module, class) = (lines.next()?, lines.next()?);
        Some(format!("{module}.{class}").chars().take(200).collect())
    }

    fn reduce(&mut self) -> Outcome {
        let arguments = self.pop()?;
        let callable = self.pop()?;
        self.call(callable, arguments)
    }

    fn new_object_with_keywords(&mut self) -> Outcome {
        let keywords = self.pop()?;
        if !matches!(self.node(keywords), Node::Dict(entries) if entries.is_empty()) {
            return Err(PickleError::Call { verb: "makes", what: "an object with keywords".into(), offset: self.at });
        }
        self.reduce()
    }

    fn instance(&mut self) -> Outcome {
        let module = String::from_utf8_lossy(self.line()?);
        let name = String::from_utf8_lossy(self.line()?);
        let global = self.allowed(&module, &name)?;
        let arguments = self.pop_to_mark()?;
        let callable = self.add_node(Node::Global(global))?;
        let arguments = self.add_node(Node::Tuple(arguments))?;
        self.call(callable, arguments)
    }

    fn object(&mut self) -> Outcome {
        let mut arguments = self.pop_to_mark()?;
        if arguments.is_empty() {
            return Err(self.malformed("an object without a class"));
        }
        let callable = arguments.remove(0);
        let arguments = self.add_node(Node::Tuple(arguments))?;
        self.call(callable, arguments)
    }

    fn out_of_band(&self) -> PickleError {
        let advice = "dump without buffer_callback, so that the numbers are in the file";
        PickleError::Outside { what: "a buffer", offset: self.at, advice }
    }

    fn extension(&self) -> PickleError {
        let advice = "pickle a dict of NumPy arrays";
        PickleError::Outside { what: "a registered extension", offset: self.at, advice }
    }

    fn persistent_line(&self) -> PickleError {
        let advice = "pickle a dict of NumPy arrays";
        PickleError::Outside { what: "an object", offset: self.at, advice }
    }

    // Framing.

    fn protocol(&mut self) -> Outcome {
        let [found] = self.take()?;
        if found > MAX_PROTOCOL { Err(PickleError::Protocol { found, offset: self.at }) } else { Ok(()) }
    }

    /// Frames help who reads from a stream. All bytes are here already, so only their length is checked.
    fn frame(&mut self) -> Outcome {
        let needed = u64::from_le_bytes(self.take()?);
        let found = self.input.len() - self.next;
        if needed > found as u64 { Err(PickleError::Cut { offset: self.at, needed, found }) } else { Ok(()) }
    }

    // Limits and mistakes.

    /// Accounts for a copy of so many bytes.
    pub(super) fn spend(&mut self, bytes: usize) -> Outcome {
        self.spare_bytes = self.spare_bytes.checked_sub(bytes).ok_or_else(|| self.too_large())?;
        Ok(())
    }

    fn too_large(&self) -> PickleError {
        let length = self.input.len();
        PickleError::TooLarge { length, cap_bytes: length.saturating_mul(SPARE_FACTOR).saturating_add(SPARE_BYTES) }
    }

    pub(super) fn malformed(&self, reason: &str) -> PickleError {
        PickleError::Malformed { offset: self.at, reason: reason.to_string() }
    }

    fn checked<T>(&self, result: Result<T, String>) -> Outcome<T> {
        result.map_err(|reason| PickleError::Malformed { offset: self.at, reason })
    }
}
