// C++: namespaces, templates, operators, members defined elsewhere.
#include <vector>
#define EXPORT_API
LIB_NAMESPACE_BEGIN
namespace geo::inner {

constexpr int LIMIT = 10;

template <typename T>
class EXPORT_API Shape : public Base<T> {
public:
    explicit Shape(T side) : side_(side) {}
    ~Shape() = default;
    T area() const noexcept { return side_ * side_; }
    bool operator==(const Shape& other) const { return side_ == other.side_; }
    explicit operator bool() const { return true; }
    static constexpr int SIDES = 4;
    int declared(int x);
private:
    T side_;
    struct Node { Node* next; };
};

template <typename T>
T twice(T x)
{
    auto f = [](T y) { return y; };
    return f(x) + x;
}

enum class Color { Red, Green };
using Alias = std::vector<int>;

}  // namespace geo::inner

int geo::inner::Shape<int>::declared(int x) { return x; }
std::ostream& operator<<(std::ostream& out, const Color& c) { return out; }
extern "C" void plain(void) {}
namespace { int hidden() { return 1; } }

class Limiter {
 public:
  Limiter(int most)
      :
#if !defined(NDEBUG)
        most_(most),
#endif  // !defined(NDEBUG)
        left_(most) {
  }
  int most_, left_;
};
// expect: module geo.inner 5-34
// expect: constant geo.inner.LIMIT 7-7
// expect: class geo.inner.Shape 9-22
// expect: constructor geo.inner.Shape.Shape 12-12
// expect: method geo.inner.Shape.~Shape 13-13
// expect: method geo.inner.Shape.area 14-14
// expect: method geo.inner.Shape.operator== 15-15
// expect: method geo.inner.Shape.operator_bool 16-16
// expect: constant geo.inner.Shape.SIDES 17-17
// expect: struct geo.inner.Shape.Node 21-21
// expect: function geo.inner.twice 24-29
// expect: enum geo.inner.Color 31-31
// expect: type geo.inner.Alias 32-32
// expect: method geo.inner.Shape.declared 36-36
// expect: function operator<< 37-37
// expect: function plain 38-38
// expect: function hidden 39-39
// expect: class Limiter 41-51
// expect: constructor Limiter.Limiter 43-49
