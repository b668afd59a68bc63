# expect: constant CC 11-11
# expect: constant SOURCES 12-12
# expect: function banner 14-16
# expect: rule fast 19-20
# expect: rule all 25-25
# expect: rule build 27-28
# expect: rule %.o 30-31
# expect: rule clean 33-34

# How it is built.
CC := gcc
SOURCES = a.c b.c

define banner
echo $(1)
endef

ifeq ($(MODE),fast)
fast:
	./shapes
endif

.PHONY: all clean

all: build test

build: $(SOURCES)
	$(CC) -o shapes $(SOURCES)

%.o: %.c
	$(CC) -c $<

clean:
	rm -f shapes
