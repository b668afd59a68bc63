// expect: constant LIMIT 17-17
// expect: type Color 19-19
// expect: interface Shape 21-23
// expect: method Shape.areaWithScale: 22-22
// expect: class Square 26-29
// expect: method Square.squareWithSide: 28-28
// expect: class Square 31-47
// expect: method Square.squareWithSide: 33-37
// expect: method Square.areaWithScale: 39-41
// expect: method Square.moveTo:with: 43-45
// expect: class Square 49-51
// expect: method Square.print 50-50
// expect: function add 53-55

#import <Foundation/Foundation.h>

#define LIMIT 10

typedef enum { ColorRed, ColorGreen } Color;

@protocol Shape <NSObject>
- (double)areaWithScale:(double)scale;
@end

// A square has four sides.
@interface Square : NSObject <Shape>
@property (nonatomic, assign) double side;
+ (instancetype)squareWithSide:(double)side;
@end

@implementation Square

+ (instancetype)squareWithSide:(double)side {
    Square *square = [[self alloc] init];
    square.side = side;
    return square;
}

- (double)areaWithScale:(double)scale {
    return self.side * self.side * scale;
}

- (void)moveTo:(int)x with:(int)y {
    NSLog(@"%d %d", x, y);
}

@end

@interface Square (Printing)
- (void)print;
@end

static int add(int a, int b) {
    return a + b;
}
