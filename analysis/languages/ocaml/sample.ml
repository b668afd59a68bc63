(* expect: constant limit 20-20 *)
(* expect: type shape 22-24 *)
(* expect: type Gone 26-26 *)
(* expect: function area 29-33 *)
(* expect: function area.doubled 30-30 *)
(* expect: function perimeter 35-37 *)
(* expect: function twice 39-39 *)
(* expect: function |+| 41-41 *)
(* expect: module Stack 43-47 *)
(* expect: type Stack.t 44-44 *)
(* expect: function Stack.push 46-46 *)
(* expect: interface SIZED 49-51 *)
(* expect: method SIZED.size 50-50 *)
(* expect: class counter 53-57 *)
(* expect: method counter.next 56-56 *)

open Printf

(* The most that is allowed. *)
let limit = 10

type shape =
  | Square of float
  | Circle of float

exception Gone of string

(** How large it is. *)
let rec area ?(scale = 1.0) shape =
  let doubled x = x *. 2.0 in
  match shape with
  | Square s -> doubled s *. scale
  | Circle r -> r *. scale

and perimeter = function
  | Square s -> 4.0 *. s
  | Circle r -> r

let twice = fun x -> x * 2

let ( |+| ) a b = a + b

module Stack = struct
  type 'a t = 'a list

  let push x s = x :: s
end

module type SIZED = sig
  val size : int -> int
end

class counter start =
  object
    val mutable n = start
    method next by = n <- n + by
  end
