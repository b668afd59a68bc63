(* expect: constant limit 13-13 *)
(* expect: type shape 15-17 *)
(* expect: type Gone 19-19 *)
(* expect: function area 21-21 *)
(* expect: module Stack 23-27 *)
(* expect: type Stack.t 24-24 *)
(* expect: function Stack.push 26-26 *)
(* expect: interface SIZED 29-31 *)
(* expect: method SIZED.size 30-30 *)
(* expect: function raw 33-33 *)

(** The most that is allowed. *)
val limit : int

type shape =
  | Square of float
  | Circle of float

exception Gone of string

val area : ?scale:float -> shape -> float

module Stack : sig
  type 'a t

  val push : 'a -> 'a t -> 'a t
end

module type SIZED = sig
  val size : int -> int
end

external raw : int -> int = "raw_c"
