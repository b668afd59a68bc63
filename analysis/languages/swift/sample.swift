// expect: constant limit 21-21
// expect: type Name 23-23
// expect: interface Shape 25-28
// expect: method Shape.area 27-27
// expect: class Square 31-55
// expect: constant Square.unit 34-34
// expect: constructor Square.init 36-38
// expect: method Square.deinit 40-42
// expect: method Square.sides 44-44
// expect: method Square.area 46-50
// expect: function Square.area.doubled 48-48
// expect: struct Square.Corner 52-54
// expect: enum Color 57-61
// expect: method Color.label 60-60
// expect: method Square.scaled 64-66
// expect: function biggest 69-71

import Foundation

/// The most that is allowed.
let limit = 10

typealias Name = String

protocol Shape {
    var sides: Int { get }
    func area(scale: Double) -> Double
}

/// A square has four sides.
@objc
public final class Square: Shape {
    private let side: Double
    static let unit = Square(side: 1)

    init(side: Double) {
        self.side = side
    }

    deinit {
        print("gone")
    }

    var sides: Int { return 4 }

    @discardableResult
    func area(scale: Double) -> Double {
        func doubled(_ x: Double) -> Double { x * 2 }
        return doubled(side) * scale
    }

    struct Corner {
        let x: Int
    }
}

enum Color: String {
    case red, green

    func label() -> String { rawValue }
}

extension Square {
    func scaled(by factor: Double) -> Square {
        Square(side: side * factor)
    }
}

func biggest<T: Shape>(_ shapes: [T]) -> T? {
    shapes.max { $0.area(scale: 1) < $1.area(scale: 1) }
}
