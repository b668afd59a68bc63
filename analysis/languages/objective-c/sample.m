// expect: constant LIMIT 21-21
// expect: type Color 23-23
// expect: interface Shape 25-27
// expect: method Shape.areaWithScale: 26-26
// expect: class Square 30-33
// expect: method Square.squareWithSide: 32-32
// expect: class Square 35-51
// expect: method Square.squareWithSide: 37-41
// expect: method Square.areaWithScale: 43-45
// expect: method Square.moveTo:with: 47-49
// expect: class Square 53-55
// expect: method Square.print 54-54
// expect: function add 57-59
// expect: enum Weekday 61-64
// expect: enum Sides 66-66
// expect: class Square 68-72
// expect: method Square.setCollector: 69-71

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

typedef NS_ENUM(NSInteger, Weekday) {
    WeekdayMonday,
    WeekdayTuesday = 2,
};

typedef NS_OPTIONS(NSUInteger, Sides) { SidesLeft = 1 << 0, SidesRight = 1 << 1 };

@implementation Square (Newer)
- (void)setCollector:(void (^)(NSURLSession *session))block AF_API_AVAILABLE(ios(10), macosx(10.12)) {
    self.collector = block;
}
@end
