#!/usr/bin/env node
// Functions in all the places where JavaScript puts them.
import x from "x";

export const LIMIT = 10, OTHER = [1, 2];
let mutable = 1;

/** Adds. */
export function add(a, b) {
  const inner = (n) => n + 1;
  const LOCAL = 3;
  return inner(a) + b;
}

export default class Shape extends Base {
  static count = 0;
  #secret = () => 1;
  handle = async (event) => { this.x = event; };
  constructor(side) { super(); }
  get area() { return this.side ** 2; }
  static async *walk() {}
  [Symbol.iterator]() {}
}

const arrow = async (a) => {
  return a;
};
const expression = function named() { return 1; };
const api = {
  get(url) { return url; },
  post: async (url) => url,
  nested: { deep: function () {} },
  "quoted.key": () => 1,
};

module.exports.run = function (task) { return task; };
exports.stop = () => {};
Shape.prototype.scale = function (by) { return by; };
(function () {
  const HIDDEN = 1;
  function visible() {}
})();
const View = (props) => <Panel onClick={() => 1}>text {props.name}</Panel>;
function* generate() { yield 1; }
module.exports = class Plugin extends Shape {
  apply() {}
};
Shape.Template = class ShapeTemplate {};
module.exports = function create(options) { return options; };
Shape.prototype.weigh = deprecate(function () {}, "old");
var registry = {
  find(name) { return name; },
};
exports.rules = {
  check: function (rule) { return rule; },
};
define(Shape, [{ key: "turn", value: function turn(by) { return by; } }]);
// expect: constant LIMIT 5-5
// expect: constant OTHER 5-5
// expect: function add 9-13
// expect: function add.inner 10-10
// expect: class Shape 15-23
// expect: method Shape.#secret 17-17
// expect: method Shape.handle 18-18
// expect: constructor Shape.constructor 19-19
// expect: method Shape.area 20-20
// expect: method Shape.walk 21-21
// expect: method Shape.[Symbol.iterator] 22-22
// expect: function arrow 25-27
// expect: function expression 28-28
// expect: constant api 29-34
// expect: method api.get 30-30
// expect: method api.post 31-31
// expect: method api.nested.deep 32-32
// expect: method api.quoted.key 33-33
// expect: function run 36-36
// expect: function stop 37-37
// expect: method Shape.scale 38-38
// expect: function visible 41-41
// expect: function View 43-43
// expect: function generate 44-44
// expect: class Plugin 45-47
// expect: method Plugin.apply 46-46
// expect: class ShapeTemplate 48-48
// expect: function create 49-49
// expect: method Shape.weigh 50-50
// expect: constant registry 51-53
// expect: method registry.find 52-52
// expect: constant rules 54-56
// expect: method rules.check 55-55
// expect: method turn 57-57
