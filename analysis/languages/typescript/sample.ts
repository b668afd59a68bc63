// Types and their members.
export interface Shape<T> extends Base {
  side: number;
  area(): number;
}
export type Pair<A, B> = [A, B];
export enum Color { Red = 1, Green }
export abstract class Square<T> implements Shape<T> {
  private readonly side = 1;
  constructor(private x: number) {}
  @memo()
  area(): number { return this.x; }
  abstract draw(canvas: Canvas): void;
  handle = (event: Event): void => {};
}
namespace Geo.Inner {
  export function distance(a: number, b: number): number { return a - b; }
}
declare module "other" {
  export function loaded(): void;
}
export const LIMIT: number = 3;
export const add = (a: number, b: number): number => a + b;
export function over(a: string): string;
export function over(a: number): number;
export function over(a: any): any { return a; }
@Component({ selector: "x" })
export class Widget {}
declare function ambient(x: number): void;
export default function main() {}
module.exports = class Plugin {
  apply() {}
};
let registry = {
  find(name: string) { return name; },
};
// expect: interface Shape 2-5
// expect: method Shape.area 4-4
// expect: type Pair 6-6
// expect: enum Color 7-7
// expect: class Square 8-15
// expect: constructor Square.constructor 10-10
// expect: method Square.area 11-12
// expect: method Square.draw 13-13
// expect: method Square.handle 14-14
// expect: module Geo.Inner 16-18
// expect: function Geo.Inner.distance 17-17
// expect: module other 19-21
// expect: function other.loaded 20-20
// expect: constant LIMIT 22-22
// expect: function add 23-23
// expect: function over 24-24
// expect: function over 25-25
// expect: function over 26-26
// expect: class Widget 27-28
// expect: function ambient 29-29
// expect: function main 30-30
// expect: class Plugin 31-33
// expect: method Plugin.apply 32-32
// expect: constant registry 34-36
// expect: method registry.find 35-35
