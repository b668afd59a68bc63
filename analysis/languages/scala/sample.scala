package sample.shapes

/** Documented. */
@deprecated
class Shape[T](side: Int) extends Base {
  val Limit = 10
  private val other = 1
  def area(x: Int): Int = {
    def square(y: Int): Int = { y * y }
    square(x)
  }
}

trait Visitor {
  def visit(shape: Shape[_]): Unit
}

object Registry {
  type Names = List[String]
  def find(name: String): Option[Shape[_]] = { None }
}

case class Point(x: Int, y: Int)
// expect: class Shape 4-12
// expect: constant Shape.Limit 6-6
// expect: method Shape.area 8-11
// expect: function Shape.area.square 9-9
// expect: trait Visitor 14-16
// expect: method Visitor.visit 15-15
// expect: class Registry 18-21
// expect: type Registry.Names 19-19
// expect: method Registry.find 20-20
// expect: class Point 23-23
