-- expect: function limit 18-19
-- expect: type Name 21-21
-- expect: type Shape 24-27
-- expect: type Wrapped 29-29
-- expect: interface HasArea 31-32
-- expect: method HasArea.areaOf 32-32
-- expect: method HasArea.areaOf 35-36
-- expect: function area 39-43
-- expect: function area.doubled 42-42
-- expect: function |+| 47-48
-- expect: function main 50-52

module Shapes.Square (Shape (..), area, limit) where

import Data.List (sortBy)

-- | The most that is allowed.
limit :: Int
limit = 10

type Name = String

-- | A shape.
data Shape
  = Square Double
  | Circle {radius :: Double}
  deriving (Show)

newtype Wrapped a = Wrapped {unwrap :: a}

class HasArea a where
  areaOf :: a -> Double

instance HasArea Shape where
  areaOf (Square s) = s * s
  areaOf (Circle r) = pi * r * r

-- | How large it is.
area :: Double -> Shape -> Double
area scale (Square s) = doubled s * scale
  where
    doubled x = x * 2
area scale (Circle r) = r * scale

infixl 6 |+|

(|+|) :: Int -> Int -> Int
a |+| b = a + b

main :: IO ()
main = do
  print 1

pattern Pair a b = (a, b)
