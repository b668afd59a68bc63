// expect: constant std 12-12
// expect: constant limit 15-15
// expect: struct Square 18-28
// expect: method Square.init 21-23
// expect: method Square.area 25-27
// expect: enum Color 30-30
// expect: struct Shape 32-35
// expect: function doubled 37-39
// expect: function add 41-43
// expect: function area 45-47

const std = @import("std");

/// The most that is allowed.
pub const limit: u32 = 10;

/// A square has four sides.
pub const Square = struct {
    side: f64,

    pub fn init(side: f64) Square {
        return Square{ .side = side };
    }

    fn area(self: Square, scale: f64) f64 {
        return doubled(self.side) * scale;
    }
};

const Color = enum { red, green };

const Shape = union(enum) {
    square: Square,
    circle: f64,
};

fn doubled(x: f64) f64 {
    return x * 2;
}

export fn add(a: i32, b: i32) i32 {
    return a + b;
}

test "area" {
    try std.testing.expect(Square.init(2).area(1) == 4);
}
