/* C with macros, declarators and branches of the preprocessor. */
#include <stdio.h>
#define LIMIT 10
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define EMPTY
#define LONG_MACRO(x) do { \
	printf("%d", x);   \
} while (0)

struct point {
	int x, y;
};

typedef struct {
	double re, im;
} complex_t;

typedef int (*callback)(void *);

enum color { RED, GREEN };

union bits { int i; float f; };

static const char *const NAMES[] = { "a", "b" };

static int add(int a, int b)
{
	return a + b;
}

/* documented */
static __always_inline struct point *__init make(void) __must_hold(lock)
{
	return 0;
}

int (*choose(int n))(int)
{
	return 0;
}

int old_style(a, b)
	int a;
	char *b;
{
	return a;
}

#ifdef CONFIG_X
void only_x(void) { }
#else
void only_y(void) { }
#endif

SYSCALL_DEFINE1(close, unsigned int, fd)
{
	return fd;
}

/* The macro is told by its first argument. */
DEFINE_HANDLER(fault)
{
	return;
}

static const int sides[] = {
    3,
#ifdef SQUARES
    4,
#endif
};
int after_all(void) { return sides[0]; }
// expect: constant LIMIT 3-3
// expect: function MAX 4-4
// expect: function LONG_MACRO 6-8
// expect: struct point 10-12
// expect: type complex_t 14-16
// expect: type callback 18-18
// expect: enum color 20-20
// expect: struct bits 22-22
// expect: constant NAMES 24-24
// expect: function add 26-29
// expect: function make 32-35
// expect: function choose 37-40
// expect: function old_style 42-47
// expect: function only_x 50-50
// expect: function only_y 52-52
// expect: function close 55-58
// expect: function fault 61-64
// expect: constant sides 66-71
// expect: function after_all 72-72
