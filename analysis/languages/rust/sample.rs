//! A crate.
use std::fmt;

pub const LIMIT: usize = 10;
static NAME: &str = "x";

/// Documented.
#[derive(Debug, Clone)]
pub struct Shape<T> {
    side: T,
}

pub struct Unit;

#[repr(u8)]
pub enum Color {
    Red = 1,
    Green,
}

pub trait Area {
    const SIDES: u32;
    fn area(&self) -> f64;
    fn twice(&self) -> f64 { self.area() * 2.0 }
}

impl<T: Copy> Shape<T> {
    pub const ZERO: u32 = 0;
    #[inline]
    pub fn new(side: T) -> Self { Shape { side } }
}

impl<T> Area for Shape<T> {
    fn area(&self) -> f64 {
        let f = |x: f64| x * x;
        fn nested() {}
        f(1.0)
    }
}

mod inner {
    pub(crate) fn helper() {}
    pub type Alias = Vec<u8>;
}

macro_rules! square {
    ($x:expr) => { $x * $x };
}

union Bits { a: u32, b: f32 }
// expect: constant LIMIT 4-4
// expect: constant NAME 5-5
// expect: struct Shape 8-11
// expect: struct Unit 13-13
// expect: enum Color 15-19
// expect: trait Area 21-25
// expect: constant Area.SIDES 22-22
// expect: method Area.area 23-23
// expect: method Area.twice 24-24
// expect: constant Shape.ZERO 28-28
// expect: method Shape.new 29-30
// expect: method Shape.area 34-38
// expect: function Shape.area.nested 36-36
// expect: module inner 41-44
// expect: function inner.helper 42-42
// expect: type inner.Alias 43-43
// expect: function square 46-48
// expect: struct Bits 50-50
