<html><?php
// PHP: classes, traits, functions.
namespace Sample\Shapes;

const LIMIT = 10;

/** Documented. */
#[Attribute]
abstract class Shape extends Base implements Countable
{
    use Named;
    public const SIDES = 4;
    private int $side = 1;

    public function __construct(private int $x) { $this->side = $x; }

    public static function unit(): static { return new static(1); }

    abstract protected function draw(Canvas $c): void;

    public function each(callable $f)
    {
        return array_map(function ($x) use ($f) { return $f($x); }, [1]);
    }
}

interface Drawable { public function draw(Canvas $c): void; }
trait Named { public function name(): string { return "x {$this->side}"; } }
enum Color: string { case Red = 'r'; public function label(): string { return 'x'; } }

function twice(int $x): int
{
    return $x * 2;
}
?>
</html>
<!-- expect: constant Sample.Shapes.LIMIT 5-5 -->
<!-- expect: class Sample.Shapes.Shape 8-25 -->
<!-- expect: constant Sample.Shapes.Shape.SIDES 12-12 -->
<!-- expect: constructor Sample.Shapes.Shape.__construct 15-15 -->
<!-- expect: method Sample.Shapes.Shape.unit 17-17 -->
<!-- expect: method Sample.Shapes.Shape.draw 19-19 -->
<!-- expect: method Sample.Shapes.Shape.each 21-24 -->
<!-- expect: interface Sample.Shapes.Drawable 27-27 -->
<!-- expect: method Sample.Shapes.Drawable.draw 27-27 -->
<!-- expect: trait Sample.Shapes.Named 28-28 -->
<!-- expect: method Sample.Shapes.Named.name 28-28 -->
<!-- expect: enum Sample.Shapes.Color 29-29 -->
<!-- expect: method Sample.Shapes.Color.label 29-29 -->
<!-- expect: function Sample.Shapes.twice 31-34 -->
