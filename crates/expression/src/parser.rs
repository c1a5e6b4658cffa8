//! A formula's tokens as an expression: one function for each line of the grammar.

use std::ops::Range;

use limpid_graph::MapOp;

use crate::fault::{ExpressionError, ExpressionFault as Wrong};
use crate::function;
use crate::lexer::{Kind, Token, tokens};
use crate::{Constant, Expression, Step};

/// More characters than anyone writes as a formula.
const MOST_CHARACTERS: usize = 4096;
/// More levels of brackets, signs and powers inside each other than anyone writes; each takes some stack.
const MOST_LEVELS: usize = 100;

pub(crate) fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let found = text.chars().count();
    if found > MOST_CHARACTERS {
        let place = text.char_indices().nth(MOST_CHARACTERS).map_or(0, |(at, _)| at)..text.len();
        return Err(ExpressionError::new(text, place, Wrong::TooLong { found, most: MOST_CHARACTERS }));
    }
    let mut parser = Parser { text, tokens: tokens(text), at: 0, level: 0, names: Vec::new(), steps: Vec::new() };
    parser.whole()?;
    Ok(Expression { names: parser.names, steps: parser.steps })
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    level: usize,
    names: Vec<String>,
    steps: Vec<Step>,
}

type Parsed<T = ()> = Result<T, ExpressionError>;

impl<'t> Parser<'t> {
    // ---- the grammar ----------------------------------------------------------------------------------------------

    fn whole(&mut self) -> Parsed {
        if self.kind() == &Kind::End {
            return Err(self.wrong_here(Wrong::Empty));
        }
        self.sum()?;
        match self.kind() {
            Kind::End => Ok(()),
            _ => Err(self.unexpected()),
        }
    }

    fn sum(&mut self) -> Parsed {
        self.product()?;
        loop {
            let op = match self.kind() {
                Kind::Plus => MapOp::Add,
                Kind::Minus => MapOp::Subtract,
                _ => return Ok(()),
            };
            self.at += 1;
            self.product()?;
            self.steps.push(Step::Apply(op));
        }
    }

    fn product(&mut self) -> Parsed {
        self.prefix()?;
        loop {
            let op = match self.kind() {
                Kind::Times => MapOp::Multiply,
                Kind::Divided => MapOp::Divide,
                _ => return Ok(()),
            };
            self.at += 1;
            self.prefix()?;
            self.steps.push(Step::Apply(op));
        }
    }

    /// Everything that contains itself comes by here, so the levels are counted here.
    fn prefix(&mut self) -> Parsed {
        if self.level == MOST_LEVELS {
            return Err(self.wrong_here(Wrong::TooDeep { most: MOST_LEVELS }));
        }
        self.level += 1;
        match self.kind() {
            Kind::Plus => {
                self.at += 1;
                self.prefix()?;
            }
            Kind::Minus => {
                self.at += 1;
                let start = self.steps.len();
                self.prefix()?;
                match &mut self.steps[start..] {
                    // A number with a sign is a number.
                    [Step::Number(number)] => *number = -*number,
                    _ => self.steps.push(Step::Apply(MapOp::Negate)),
                }
            }
            _ => self.power()?,
        }
        self.level -= 1;
        Ok(())
    }

    fn power(&mut self) -> Parsed {
        let base = self.steps.len();
        self.operand()?;
        if self.kind() != &Kind::Power {
            return Ok(());
        }
        self.at += 1;
        let exponent = self.steps.len();
        self.prefix()?;
        match (&self.steps[base..exponent], &self.steps[exponent..]) {
            ([Step::Constant(Constant::E)], _) => {
                self.steps.remove(base);
                self.steps.push(Step::Apply(MapOp::Exp));
            }
            (_, [Step::Number(2.0)]) => {
                self.steps.pop();
                self.steps.push(Step::Apply(MapOp::Square));
            }
            _ => self.steps.push(Step::Apply(MapOp::Pow)),
        }
        Ok(())
    }

    fn operand(&mut self) -> Parsed {
        match *self.kind() {
            Kind::Number(number) => {
                self.at += 1;
                self.steps.push(Step::Number(number));
                Ok(())
            }
            Kind::Name if self.kind_behind() == &Kind::Open => self.call(),
            Kind::Name => self.name(),
            Kind::Open => {
                let open = self.next_place();
                self.sum()?;
                self.close(open)
            }
            _ => Err(self.missing_value()),
        }
    }

    fn name(&mut self) -> Parsed {
        let name = self.word();
        if let Some(op) = function::function(name) {
            let call = function::call(op);
            return Err(self.wrong_here(Wrong::BareFunction { name: name.to_string(), call }));
        }
        self.at += 1;
        let step = Constant::named(name).map_or_else(|| Step::Name(self.free(name)), Step::Constant);
        self.steps.push(step);
        Ok(())
    }

    fn free(&mut self, name: &str) -> usize {
        let known = self.names.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.names.push(name.to_string());
            self.names.len() - 1
        })
    }

    fn call(&mut self) -> Parsed {
        let name = self.word();
        let Some(op) = function::function(name) else { return Err(self.unknown_function(name)) };
        let start = self.next_place().start;
        let open = self.next_place();
        let mut found = 0;
        if self.kind() != &Kind::Close {
            loop {
                self.sum()?;
                found += 1;
                match self.kind() {
                    Kind::Comma => self.at += 1,
                    _ => break,
                }
            }
        }
        self.close(open)?;
        let wanted = op.info().arguments.len();
        if found != wanted {
            let fault = Wrong::Arity { name: name.to_string(), wanted, found, call: function::call(op) };
            return Err(ExpressionError::new(self.text, start..self.tokens[self.at - 1].place.end, fault));
        }
        self.steps.push(Step::Apply(op));
        Ok(())
    }

    fn close(&mut self, open: Range<usize>) -> Parsed {
        match self.kind() {
            Kind::Close => {
                self.at += 1;
                Ok(())
            }
            Kind::End => Err(ExpressionError::new(self.text, open, Wrong::Unclosed)),
            Kind::Comma => Err(self.wrong_here(Wrong::Comma)),
            _ => Err(self.unexpected()),
        }
    }

    // ---- what is wrong --------------------------------------------------------------------------------------------

    /// What stands behind a value and does not belong there.
    fn unexpected(&self) -> ExpressionError {
        let fault = match self.kind() {
            Kind::Wrong(fault) => fault.clone(),
            Kind::Close => Wrong::Unopened,
            Kind::Comma => Wrong::Comma,
            _ => {
                let left = self.at.checked_sub(1).map_or("", |before| &self.text[self.tokens[before].place.clone()]);
                Wrong::MissingOperator { left: left.to_string(), right: self.word().to_string() }
            }
        };
        self.wrong_here(fault)
    }

    /// What stands where a value should.
    fn missing_value(&self) -> ExpressionError {
        let after_times = self.at.checked_sub(1).is_some_and(|before| self.tokens[before].kind == Kind::Times);
        let hint = match self.kind() {
            Kind::Wrong(fault) => return self.wrong_here(fault.clone()),
            Kind::Times if after_times => "for a power, use `^`, as in `x^3`",
            _ => "expected a number, a name, a function such as `exp(x)`, or `(`",
        };
        let before = match self.kind() {
            Kind::End => "the end".to_string(),
            _ => format!("`{}`", self.word()),
        };
        self.wrong_here(Wrong::MissingValue { before, hint: hint.to_string() })
    }

    fn unknown_function(&self, name: &str) -> ExpressionError {
        let is_variable = Constant::named(name).is_some() || self.names.iter().any(|known| known == name);
        let hint = match function::nearest(name) {
            _ if is_variable => format!("for a product, write `{name}*(`"),
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let all = function::names().collect::<Vec<_>>().join(", ");
                format!("for a product, write `{name}*(`; the functions are: {all}")
            }
        };
        self.wrong_here(Wrong::UnknownFunction { name: name.to_string(), hint })
    }

    fn wrong_here(&self, fault: Wrong) -> ExpressionError {
        ExpressionError::new(self.text, self.tokens[self.at].place.clone(), fault)
    }

    // ---- tokens ---------------------------------------------------------------------------------------------------

    // `at` never passes the end: only tokens that are not the end are stepped over.
    fn kind(&self) -> &Kind {
        &self.tokens[self.at].kind
    }

    fn kind_behind(&self) -> &Kind {
        self.tokens.get(self.at + 1).map_or(&Kind::End, |token| &token.kind)
    }

    fn word(&self) -> &'t str {
        &self.text[self.tokens[self.at].place.clone()]
    }

    fn next_place(&mut self) -> Range<usize> {
        self.at += 1;
        self.tokens[self.at - 1].place.clone()
    }
}
