package sample.shapes

const val LIMIT = 10
val mutable = 1

/** Documented. */
@Deprecated("no")
open class Shape<T>(val side: Int) : Base() {
    companion object {
        const val SIDES = 4
        fun unit() = Shape<Int>(1)
    }

    fun area(): Int {
        fun square(x: Int) = x * x
        return square(side)
    }

    class Inner
}

interface Visitor {
    fun visit(shape: Shape<*>): Boolean = true
}

enum class Color { RED, GREEN; fun code() = 1 }

object Registry { fun find(name: String): Shape<*>? = null }

typealias Names = List<String>

fun String.shout(): String = this + "!"

class Store {
    companion object Factory {
        fun open(): Store = Store()
    }
}
// expect: constant LIMIT 3-3
// expect: class Shape 7-20
// expect: class Shape.Companion 9-12
// expect: constant Shape.Companion.SIDES 10-10
// expect: method Shape.Companion.unit 11-11
// expect: method Shape.area 14-17
// expect: function Shape.area.square 15-15
// expect: class Shape.Inner 19-19
// expect: interface Visitor 22-24
// expect: method Visitor.visit 23-23
// expect: enum Color 26-26
// expect: method Color.code 26-26
// expect: class Registry 28-28
// expect: method Registry.find 28-28
// expect: type Names 30-30
// expect: method String.shout 32-32
// expect: class Store 34-38
// expect: class Store.Factory 35-37
// expect: method Store.Factory.open 36-36
