//! What a row of the table becomes. Read [`super::table`] first: this is only its printing press.

/// Turns rows into [`MapOp`](super::MapOp): its names, values, gradients and methods.
macro_rules! map_ops {
    ($(
        $(#[doc = $doc:literal])*
        $Op:ident => $method:ident($x:ident $(, $more:ident)*) -> $result:ident {
            value = $value:expr;
            gradient($up:ident) = [$($gradient:expr),*];
            $(kink = $kink:expr;)?
            formula = $formula:literal;
            onnx = $onnx:expr;
            ulp = $ulp:literal;
            probes = [$([$($probe:expr),*]),*];
        }
    )*) => {
        /// A function of single numbers: a row of the [table](crate::map).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum MapOp {
            $($(#[doc = $doc])* $Op,)*
        }

        impl MapOp {
            /// Every row, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$Op),*];

            /// What the row says of the op.
            pub fn info(self) -> MapInfo {
                match self {
                    $(Self::$Op => MapInfo {
                        name: stringify!($method),
                        summary: concat!($($doc),*),
                        arguments: &[stringify!($x) $(, stringify!($more))*],
                        formula: $formula,
                        onnx: $onnx,
                        ulp: $ulp,
                        smooth: <[&str]>::is_empty(&[$(stringify!($kink))?]),
                        probes: &[$(&[$($probe),*]),*],
                    },)*
                }
            }

            /// Computes `out[i]` from the i-th of each argument. The choice of the op stays outside the loop, and the
            /// loop is compiled for the processor that its caller is compiled for.
            #[inline(always)]
            pub fn apply<L: Lane>(self, arguments: &[&[L]], out: &mut [L]) {
                match self {
                    $(Self::$Op => {
                        #[inline(always)]
                        fn value<L: Lane>($x: L $(, $more: L)*) -> L {
                            $value
                        }
                        super::macros::each!(arguments, out, value, $x $(, $more)*);
                    })*
                }
            }

            /// The value whose sign says on which side of its kink the op is; `None` for smooth ops.
            pub fn kinks<L: Lane>(self, arguments: &[&[L]]) -> Option<Vec<L>> {
                match self {
                    $(Self::$Op => super::macros::kinks!([$($kink)?] arguments, $x $(, $more)*),)*
                }
            }

            /// What reaches argument `which` of the upstream derivative.
            #[allow(unused_variables, unused_assignments, unused_mut)]
            pub(crate) fn gradient<'b>(
                self,
                arguments: &[Var<'b>],
                result: Var<'b>,
                upstream: Var<'b>,
                which: usize,
            ) -> Gradient<'b> {
                match self {
                    $(Self::$Op => {
                        let mut arguments = arguments.iter().copied();
                        let ($up, $result) = (upstream, result);
                        let Some($x) = arguments.next() else { return Zero };
                        $(let Some($more) = arguments.next() else { return Zero };)*
                        let mut slot = 0;
                        $(
                            if which == slot {
                                return Gradient::from($gradient);
                            }
                            slot += 1;
                        )*
                        Zero
                    })*
                }
            }
        }

        // `add` and its like are here beside the operators, which are made from them.
        #[allow(clippy::should_implement_trait)]
        impl<'b> Var<'b> {
            $(
                $(#[doc = $doc])*
                #[track_caller]
                pub fn $method(self $(, $more: impl Operand<'b>)*) -> Self {
                    let builder = self.builder();
                    let arguments = [self $(, $more.into_var(builder))*];
                    builder.map(MapOp::$Op, &arguments)
                }
            )*
        }

        #[allow(clippy::should_implement_trait)]
        impl FormulaBody {
            $(
                $(#[doc = $doc])*
                pub fn $method(self $(, $more: impl Into<FormulaBody>)*) -> Self {
                    Self::Apply(MapOp::$Op, vec![self $(, $more.into())*])
                }
            )*
        }
    };
}

/// Writes `value` of each position of one, two or three slices. Plain loops over equally long slices: they become part
/// of their caller, and are compiled for the processor that it is compiled for, which iterators' own loops are not.
macro_rules! each {
    ($arguments:expr, $out:expr, $value:ident, $x:ident) => {
        if let [a] = $arguments {
            let count = $out.len().min(a.len());
            let (out, a) = (&mut $out[..count], &a[..count]);
            for i in 0..count {
                out[i] = $value(a[i]);
            }
        }
    };
    ($arguments:expr, $out:expr, $value:ident, $x:ident, $y:ident) => {
        if let [a, b] = $arguments {
            let count = $out.len().min(a.len()).min(b.len());
            let (out, a, b) = (&mut $out[..count], &a[..count], &b[..count]);
            for i in 0..count {
                out[i] = $value(a[i], b[i]);
            }
        }
    };
    ($arguments:expr, $out:expr, $value:ident, $x:ident, $y:ident, $z:ident) => {
        if let [a, b, c] = $arguments {
            let count = $out.len().min(a.len()).min(b.len()).min(c.len());
            let (out, a, b, c) = (&mut $out[..count], &a[..count], &b[..count], &c[..count]);
            for i in 0..count {
                out[i] = $value(a[i], b[i], c[i]);
            }
        }
    };
}

/// The kink expression at each position, of a row that has one.
macro_rules! kinks {
    ([] $arguments:ident, $x:ident $(, $more:ident)*) => {
        None
    };
    ([$kink:expr] $arguments:ident, $x:ident $(, $more:ident)*) => {{
        #[allow(unused_variables)]
        #[inline(always)]
        fn value<L: Lane>($x: L $(, $more: L)*) -> L {
            $kink
        }
        let mut sides = vec![L::of(0.0); $arguments.first().map_or(0, |argument| argument.len())];
        super::macros::each!($arguments, sides, value, $x $(, $more)*);
        Some(sides)
    }};
}

pub(super) use {each, kinks, map_ops};
