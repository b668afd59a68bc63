// C#: properties are text of their class.
using System;

namespace Sample.Shapes
{
    /// <summary>Documented.</summary>
    [Serializable]
    public abstract class Shape<T> : IComparable
    {
        public const int Limit = 10;
        private static readonly string Name = "x";
        private int side;
        public int Side { get; set; }

        public Shape(int side) { this.side = side; }
        ~Shape() { }

        [Obsolete("no")]
        public virtual int Area() => side * side;

        protected abstract void Draw(Canvas canvas);

        public static bool operator ==(Shape<T> a, Shape<T> b) { return true; }

        public int Sum()
        {
            int Local(int x) { return x; }
            Func<int, int> f = x => x + 1;
            return Local(f(1));
        }
    }

    public interface IVisitor { void Visit(object o); }
    public enum Color { Red, Green }
    public struct Point { public int X; }
    public record Person(string First, string Last);
    public delegate void Changed(object sender);
}
// expect: module Sample.Shapes 4-38
// expect: class Sample.Shapes.Shape 7-31
// expect: constant Sample.Shapes.Shape.Limit 10-10
// expect: constant Sample.Shapes.Shape.Name 11-11
// expect: constructor Sample.Shapes.Shape.Shape 15-15
// expect: method Sample.Shapes.Shape.Shape 16-16
// expect: method Sample.Shapes.Shape.Area 18-19
// expect: method Sample.Shapes.Shape.Draw 21-21
// expect: method Sample.Shapes.Shape.== 23-23
// expect: method Sample.Shapes.Shape.Sum 25-30
// expect: function Sample.Shapes.Shape.Sum.Local 27-27
// expect: interface Sample.Shapes.IVisitor 33-33
// expect: method Sample.Shapes.IVisitor.Visit 33-33
// expect: enum Sample.Shapes.Color 34-34
// expect: struct Sample.Shapes.Point 35-35
// expect: class Sample.Shapes.Person 36-36
// expect: type Sample.Shapes.Changed 37-37
