<#
.SYNOPSIS
  Shapes.
#>
using namespace System.IO

enum Color { Red; Green }

class Shape : Base {
    [double] $Side
    hidden [int] $n = 1

    Shape([double] $side) { $this.Side = $side }

    # The area.
    [double] Area([int] $scale) {
        return $this.Side * $scale
    }
    static [Shape] Unit() { return [Shape]::new(1) }
}

# Adds.
function Add-Numbers {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [int] $A,
        [int] $B = 2
    )
    process { Write-Output ($A + $B) }
}

function global:Get-Inner([string] $name) {
    function helper { 1 }
    "$name"
}

filter Even { if ($_ % 2 -eq 0) { $_ } }


$Limit = 10
Set-Variable -Name X -Value 1
$script:handler = { param($x) $x }
# expect: enum Color 7-7
# expect: class Shape 9-20
# expect: constructor Shape.Shape 13-13
# expect: method Shape.Area 16-18
# expect: method Shape.Unit 19-19
# expect: function Add-Numbers 23-30
# expect: function Get-Inner 32-35
# expect: function Get-Inner.helper 33-33
# expect: function Even 37-37
