# expect: constant Shape.LIMIT 12-12
# expect: function Shape.new 15-19
# expect: function Shape.area 21-25
# expect: module Shape.Square 27-29
# expect: function Shape.Square.corners 28-28
# expect: function main.run 33-35

package Shape;
use strict;
use warnings;

use constant LIMIT => 10;

# Makes a shape.
sub new {
    my ($class, %args) = @_;
    my $self = { side => $args{side} };
    return bless $self, $class;
}

sub area {
    my ($self, $scale) = @_;
    my $double = sub { return $_[0] * 2 };
    return $double->($self->{side}) * $scale;
}

package Shape::Square {
    sub corners { return 4 }
}

package main;

sub run($count) {
    print "running $count\n";
}

1;
