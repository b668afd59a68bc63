package sample

import "fmt"

// Limit is documented.
const Limit = 10

const (
	Red = iota
	Green
)

var ErrGone = fmt.Errorf("gone")

// Shape has sides.
type Shape struct {
	side int
}

type Visitor interface {
	Visit(s *Shape) error
}

type (
	ID    string
	Other = ID
)

func New(side int) *Shape {
	const local = 1
	helper := func(x int) int { return x }
	return &Shape{side: helper(side)}
}

func (s *Shape) Area() int { return s.side * s.side }

func (m Map[K, V]) Get(key K) (V, bool) {
	v, ok := m[key]
	return v, ok
}
// expect: constant Limit 6-6
// expect: constant Red 9-9
// expect: constant Green 10-10
// expect: constant ErrGone 13-13
// expect: struct Shape 16-18
// expect: interface Visitor 20-22
// expect: method Visitor.Visit 21-21
// expect: type ID 25-25
// expect: type Other 26-26
// expect: function New 29-33
// expect: method Shape.Area 35-35
// expect: method Map.Get 37-40
