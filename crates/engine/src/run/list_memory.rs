//! The memory of lists of non-zeros.

use std::cell::UnsafeCell;

use limpid_graph::{Data, Error, Tensor, memory};

use crate::kernels::sparse::{Lengths, Listed, Memory};
use crate::plan::ListPlan;

/// The lists of one matrix, part by part.
#[derive(Debug)]
pub(crate) struct ListMemory {
    pub(super) parts: Vec<PartMemory>,
    /// The rows that the next run will list, as far as they were announced.
    pub(super) next: Vec<u32>,
}

/// The lists of a part. One task writes them; those of later stages read them.
#[derive(Debug)]
pub(super) struct PartMemory(pub(super) UnsafeCell<Owned>);

// SAFETY: who writes and who reads is said in the plan, as for values: `Frame` tells why that is sound.
unsafe impl Sync for PartMemory {}

#[derive(Debug)]
pub(super) struct Owned {
    pub(super) made: Vectors,
    /// The transposed lists, where they are read.
    pub(super) transposed: Option<Vectors>,
    pub(super) positions: Vec<u32>,
}

#[derive(Debug)]
pub(super) struct Vectors {
    values: Vec<f32>,
    columns: Vec<u16>,
    starts: Vec<u32>,
}

impl Vectors {
    fn new(Lengths { entries, starts }: Lengths) -> Result<Self, Error> {
        Ok(Self { values: zeros(entries)?, columns: zeros(entries)?, starts: zeros(starts)? })
    }

    pub(super) fn lend(&mut self) -> Memory<'_> {
        let Self { values, columns, starts } = self;
        Memory { values, columns, starts }
    }

    pub(super) fn read(&self) -> Listed<'_> {
        let Self { values, columns, starts } = self;
        Listed { values, columns, starts }
    }
}

impl ListMemory {
    pub(crate) fn new(plan: &ListPlan) -> Result<Self, Error> {
        let part = |(rows, columns): &(std::ops::Range<usize>, std::ops::Range<usize>)| {
            let (rows, width) = (rows.len(), columns.len());
            Ok(PartMemory(UnsafeCell::new(Owned {
                made: Vectors::new(Lengths::of(rows, width))?,
                transposed: plan.transposed.then(|| Vectors::new(Lengths::transposed(rows, width))).transpose()?,
                positions: zeros(rows)?,
            })))
        };
        let parts = plan.parts.iter().map(part).collect::<Result<_, Error>>()?;
        Ok(Self { parts, next: memory::room_for(LISTS, plan.rows)? })
    }
}

/// What memory is asked for.
const LISTS: &str = "lists of the numbers that are not zero";

fn zeros<T: Clone + Default>(count: usize) -> Result<Vec<T>, Error> {
    let mut zeros = memory::room_for(LISTS, count)?;
    zeros.resize(count, T::default());
    Ok(zeros)
}

impl ListMemory {
    /// Notes the rows that the next run will list.
    pub(crate) fn announce(&mut self, plan: &ListPlan, positions: &Tensor) {
        let extent = plan.data.map_or(0, |(_, extent)| extent);
        let row = |position: f64| if position >= 0.0 && position < extent as f64 { position as u32 } else { 0 };
        self.next.clear();
        match positions.data() {
            Data::F32(numbers) => self.next.extend(numbers.iter().take(plan.rows).map(|&x| row(f64::from(x)))),
            Data::F64(numbers) => self.next.extend(numbers.iter().take(plan.rows).map(|&x| row(x))),
            Data::U8(_) => {}
        }
    }

    pub(crate) fn forget(&mut self) {
        self.next.clear();
    }
}
