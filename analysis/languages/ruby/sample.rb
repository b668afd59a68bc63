# Ruby: modules, singleton methods, operators.
require "set"

LIMIT = 10

module Geo
  # Documented.
  class Shape < Base
    SIDES = 4

    attr_reader :side

    def initialize(side)
      @side = side
    end

    def area = @side * @side

    def self.unit
      new(1)
    end

    class << self
      def build(*args) = new(*args)
    end

    def ==(other)
      side == other.side
    end

    def valid?
      [1, 2].each { |x| return false if x > side }
      true
    end
  end

  class Shape::Inner
    def name; "inner #{side}"; end
  end
end

def top_level(a, b = 1)
  a + b
end

RSpec.describe Geo::Shape do
  context "with a side" do
    it "has an area" do
      expect(Geo::Shape.build(2).area).to eq(4)
    end

    def shape = Geo::Shape.build(1)
  end
end
# expect: constant LIMIT 4-4
# expect: module Geo 6-40
# expect: class Geo.Shape 8-35
# expect: constant Geo.Shape.SIDES 9-9
# expect: constructor Geo.Shape.initialize 13-15
# expect: method Geo.Shape.area 17-17
# expect: method Geo.Shape.unit 19-21
# expect: method Geo.Shape.build 24-24
# expect: method Geo.Shape.== 27-29
# expect: method Geo.Shape.valid? 31-34
# expect: class Geo.Shape.Inner 37-39
# expect: method Geo.Shape.Inner.name 38-38
# expect: method top_level 42-44
# expect: section Geo::Shape 46-54
# expect: section Geo::Shape.with_a_side 47-53
# expect: section Geo::Shape.with_a_side.has_an_area 48-50
# expect: method Geo::Shape.with_a_side.shape 52-52
