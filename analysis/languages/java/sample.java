package sample.shapes;

/** Documented. */
@Deprecated
public abstract class Shape<T> implements Comparable<T> {
    public static final int LIMIT = 10;
    private int side;

    public Shape(int side) {
        this.side = side;
    }

    @Override
    public int compareTo(T other) {
        Runnable r = () -> System.out.println("x");
        return new Object() {
            int helper() { return 1; }
        }.helper();
    }

    protected abstract <R> R map(Function<T, R> f) throws Exception;

    interface Visitor { void visit(Shape<?> s); int DEPTH = 3; }

    enum Color {
        RED { int code() { return 1; } }, GREEN;
        int code() { return 0; }
    }

    record Point(int x, int y) {
        Point { if (x < 0) throw new IllegalArgumentException(); }
        static Point origin() { return new Point(0, 0); }
    }

    @interface Marker { String value() default ""; }
}
// expect: class Shape 4-36
// expect: constant Shape.LIMIT 6-6
// expect: constructor Shape.Shape 9-11
// expect: method Shape.compareTo 13-19
// expect: method Shape.compareTo.helper 17-17
// expect: method Shape.map 21-21
// expect: interface Shape.Visitor 23-23
// expect: method Shape.Visitor.visit 23-23
// expect: constant Shape.Visitor.DEPTH 23-23
// expect: enum Shape.Color 25-28
// expect: method Shape.Color.code 26-26
// expect: method Shape.Color.code 27-27
// expect: class Shape.Point 30-33
// expect: constructor Shape.Point.Point 31-31
// expect: method Shape.Point.origin 32-32
// expect: interface Shape.Marker 35-35
// expect: method Shape.Marker.value 35-35
