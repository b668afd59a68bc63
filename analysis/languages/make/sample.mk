# expect: constant CC 15-15
# expect: constant SOURCES 16-16
# expect: function banner 18-20
# expect: rule fast 23-24
# expect: rule all 29-29
# expect: rule build 31-32
# expect: rule %.o 34-35
# expect: rule clean 37-38
# expect: constant WHERE 39-39
# expect: rule deps 42-43
# expect: rule quiet 45-50
# expect: rule last 52-53

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
WHERE?=/usr
CFLAGS += -Wall
obj-$(CONFIG_A) += a.o
deps: $(OBJECTS:.o=.d)
	touch $(@:.d=)
ifdef QUIET
quiet:
	@echo
ifeq (1,1)
	@echo one
endif
	@echo two
endif
last:
	@echo last
