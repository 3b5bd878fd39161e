/// What the rules of Java's strategies make of some problems, worked out on a JVM with its collections and generator.
let helixVectors = HelixVector.read(
    """
    case R53
    sizes 12 12
    counts 2
    AutoRebalance 0,1 2,1 3,2 4,3 5,4 6,5 7,6 8,7 9,8 9,10 10,11 0,11
    Crush 5,2 8,1 2,3 2,3 9,6 10,9 0,11 11,2 0,1 8,9 3,1 0,3
    CrushEd 4,5 1,8 6,3 7,2 9,6 10,0 0,11 2,11 1,0 8,9 3,7 5,4
    end
    case R95
    sizes 9 6
    zones 0 1 1 1 1 0
    weights 0 1500 1500 1000 500 0
    absent 3
    counts 2
    present 0,4 2,0 0 2,0 1,0 2,1 1 1 2,0
    AutoRebalance 0,4 2,5 5,4 0,2 1,0 1,2 1,4 1,5 2,0
    Crush 1 1 2 2 4 2 2 2 2
    CrushEd 1 1 2 2 4 2 2 2 2
    end
    case R4
    sizes 9 12
    zones 0 1 1 2 2 2 3 4 2 3 0 2
    counts 1 2
    present 2,0 4,0,1 2 10,3,4 0,2,4 4,0,6 5,2,3 0,5 0,3,2
    AutoRebalance 0,9,6 1,10,7 2,8,11 3,4,10 4,0,9 6,0,4 5,3,2 5,7,1 11,2,8
    Crush 5,10,1 6,1,0 5,2,9 8,7,6 10,4,9 10,2,11 2,6,7 7,11,2 8,0,2
    CrushEd 5,10,1 0,1,6 9,2,5 7,6,8 4,0,9 10,1,11 2,7,6 11,7,9 8,0,2
    MultiRoundCrush 5,10,1 6,0,1 5,1,9 8,6,7 0,4,9 10,2,11 2,6,7 7,2,11 8,0,2
    end
    case R5
    sizes 6 10
    zones 0 1 2 0 0 2 0 1 3 3
    absent 4 6 8
    counts 1 1
    AutoRebalance 0,3 1,7 2,0 3,9 5,1 5,2
    Crush 5,0 9,7 2,7 2,9 3,2 0,7
    CrushEd 5,9 0,7 1,2 2,3 9,2 3,7
    MultiRoundCrush 5,0 9,1 2,7 2,9 3,2 0,7
    end
    case R74
    sizes 15 6
    counts 1 1
    maximum 3
    present 3,2 2,0 4,1 0,4 0,2 0,1 0 0,1 2,0 0 2,0 1,4 1,3 2,1 1,0
    AutoRebalance 2,3 0,2 4,1 4,0 2,0 1,0 0,3 1,0 2,0 0,5 0,5 4,5 1,3 1,2 0,1
    Crush 5,2 4,1 2,3 2,3 4,0 5,4 0,3 2,0 0,1 0,5 3,1 0,3 0,1 5,2 4,0
    CrushEd 5,2 1,4 2,3 2,3 0,4 4,5 3,0 1,2 0,1 5,0 3,1 0,3 1,4 2,5 4,0
    end
    case R8
    sizes 9 12
    zones 0 1 0 2 1 1 1 0 2 2 0 1
    absent 0 1 3 6 9 10 11
    counts 1 1
    present - - 2 - 2 2 5 2 -
    AutoRebalance 4,5 5,4 2,7 8,7 2,5 2,4 5,4 2,7 8,7
    Crush 5,8 8,4 8,5 8,5 2,8 2,5 5,2 5,8 8,4
    CrushEd 5,2 8,4 8,5 7,5 2,5 4,7 8,7 8,7 4,7
    MultiRoundCrush 5,8 8,4 8,5 8,5 7,8 2,5 5,2 4,8 8,4
    end
    case R63
    sizes 10 7
    zones 0 0 1 1 1 1 0
    counts 1 1
    AutoRebalance 0,1 1,2 2,3 3,4 4,5 5,6 6,0 0,1 2,4 3,5
    Crush 5,6 4,6 2,6 6,2 6,4 6,5 2,0 2,0 0,2 2,0
    CrushEd 5,6 6,4 3,6 1,3 4,6 1,5 0,2 0,2 3,0 2,0
    MultiRoundCrush 5,6 4,1 2,1 1,3 6,4 6,5 3,6 4,0 0,2 2,0
    end
    case R80
    sizes 7 3
    zones 0 1 0
    weights 500 0 1500
    absent 0 2
    counts 2
    AutoRebalance 1 1 1 1 1 1 1
    Crush - - - - - - -
    CrushEd - - - - - - -
    end
    case R31
    sizes 11 13
    counts 2
    present 1,3 1,2 3,2 3 4,7 5,7 1,0 2,7 1,2 0,6 4
    AutoRebalance 9,11 1,12 2,3 3,5 10,4 5,7 0,1 7,2 6,8 6,0 4,8
    Crush 5,2 12,1 2,3 2,3 9,6 10,9 0,12 11,2 0,1 8,9 3,1
    CrushEd 4,5 1,12 7,3 2,4 5,6 9,10 12,0 11,2 0,6 8,9 3,1
    end
    case R23
    sizes 9 6
    zones 0 0 0 0 1 0
    absent 1 2 5
    counts 1 1
    maximum 3
    AutoRebalance 0,4 4,0 3,0 3,4 3 - - - -
    Crush 4,0 4,3 4,0 3,4 3,4 0,4 4,0 0,4 0,4
    CrushEd 4,3 4,0 3,4 4,0 4,3 4,0 0,4 4,0 3,4
    MultiRoundCrush 4,0 4,3 4,3 3,4 3,4 3,4 4,0 0,4 0,4
    end
    case R55
    sizes 9 10
    zones 0 0 0 0 1 2 1 2 2 2
    counts 2
    present 5,2 3,7 1,4 1 0,6 4,5 2,0 4,0 4,0
    AutoRebalance 2,5 3,7 1,8 1,9 0,6 4,5 2,6 3,7 0,4
    Crush 5,1 8,6 5,2 8,6 2,9 0,6 6,0 2,8 8,0
    CrushEd 1,5 3,6 5,2 4,8 9,1 7,3 6,0 2,4 0,8
    MultiRoundCrush 1,5 4,8 2,5 4,7 2,9 3,6 0,6 2,8 0,9
    end
    case R61
    sizes 11 13
    zones 0 1 0 2 3 0 1 1 2 3 3 3 2
    weights 1000 0 1000 500 1500 1000 1000 500 1500 500 1500 1500 1000
    absent 0 5 7
    counts 1 2
    present 6 1,8 9,1 2 1 3,1 6,1 2,1 2,3 8,4 3
    AutoRebalance 6,11,9 1,8,10 9,12,11 2,12,3 12,4,2 1,3,4 6,1,9 2,1,10 3,2,10 8,4,11 3,8,6
    Crush 12,2,6 4,2,8 11,6,2 8,11,6 4,8,2 2,6,8 6,10,2 6,8,11 8,10,2 6,2,8 10,2,12
    CrushEd 9,6,12 3,4,2 11,2,3 3,11,2 4,8,2 8,6,9 10,12,6 2,4,8 3,10,2 6,8,9 12,10,2
    MultiRoundCrush 12,2,6 11,2,12 10,2,6 8,6,11 4,2,12 2,6,8 6,2,4 6,8,11 8,2,10 6,2,8 10,2,3
    end
    case R43
    sizes 8 8
    weights 1000 0 500 0 1500 0 0 1000
    counts 1 2
    AutoRebalance 0,1,2 1,3,2 2,4,3 3,5,4 4,6,5 5,7,6 6,0,7 7,0,1
    Crush 4,0,7 7,2,4 2,4,7 2,4,0 4,0,2 0,4,7 0,2,4 4,2,0
    CrushEd 0,7,4 2,7,4 7,2,4 0,4,7 4,7,0 7,4,0 4,0,2 2,4,0
    end
    case R86
    sizes 15 11
    zones 0 1 1 2 2 2 1 0 1 2 0
    weights 500 500 1500 500 0 500 0 0 1000 1000 500
    absent 1 6 8
    counts 1 2
    present 4,2,5 2 2 7,0 4,3 0 2,3 5 3,4 5,3 3,0 0 0 7 4,0,5
    AutoRebalance 2,4,5 2,9,5 2,4,9 7,0,9 3,4,7 0,10,7 3,2,7 5,10,9 4,3,10 5,3,10 0,3,9 0,9,2 0,3,2 7,4,5 4,0,5
    Crush 5,10,2 5,2,0 5,2,0 5,2,10 10,9,2 10,2,9 2,0,5 2,9,10 3,2,0 2,5,0 10,2,3 0,5,2 0,9,2 2,5,10 9,10,2
    CrushEd 5,10,2 0,3,2 0,5,2 2,5,10 10,9,2 9,10,2 3,0,2 9,10,2 2,3,0 5,0,2 3,2,10 0,2,9 0,9,2 10,2,9 9,10,2
    MultiRoundCrush 5,10,2 9,0,2 5,10,2 9,10,2 10,2,9 10,2,9 2,0,3 2,0,9 3,0,2 2,0,9 10,2,3 0,2,5 0,2,9 2,10,5 9,10,2
    end
    case R3
    sizes 12 11
    zones 0 1 0 0 0 0 1 2 2 3 2
    counts 2
    maximum 4
    present 0,2 2,0 5,1 0 4,1 3,7 7,6 2,7 4,3 3,7 0,7 2,3
    AutoRebalance 0,10 2,9 1,5 0,9 4,1 5,6 7,6 7,8 4,8 3,7 0,10 3,2
    Crush 10,5 9,6 7,2 8,9 4,8 5,6 6,0 2,8 8,6 6,0 9,3 0,8
    CrushEd 5,10 3,1 2,7 8,9 1,4 7,5 0,6 10,2 4,8 6,0 9,3 0,8
    MultiRoundCrush 5,10 6,9 2,7 7,9 4,10 4,6 3,1 2,8 1,8 0,6 3,9 0,7
    end
    case R73
    sizes 8 9
    zones 0 0 1 0 2 0 3 1 0
    weights 0 0 1000 0 1500 1500 1000 0 1000
    absent 0 1 3
    counts 1 1
    AutoRebalance 8,4 5,6 2,7 7,2 4,2 4,5 6,5 6,8
    Crush 4,5 6,2 4,5 4,6 8,4 5,2 2,5 8,4
    CrushEd 2,5 2,6 4,5 4,6 8,4 5,2 6,5 8,4
    MultiRoundCrush 4,5 6,2 4,5 4,6 8,4 5,2 2,8 8,4
    end
    case R63
    sizes 9 12
    zones 0 0 1 1 2 3 0 1 2 4 1 0
    absent 2
    counts 1 2
    present 5,6,8 5 0,7 4,0 0,5,4 1,6 9,7,0 0,7,6 5,4
    AutoRebalance 6,5,8 5,10,1 7,3,8 0,4,9 4,11,10 1,6,11 9,0,7 7,0,6 5,4,3
    Crush 4,6,10 9,7,6 8,11,5 8,9,5 11,4,5 6,10,8 7,0,5 9,10,5 8,10,0
    CrushEd 6,4,10 7,9,1 1,3,8 3,9,8 4,5,11 8,6,10 5,0,9 10,11,9 0,4,5
    MultiRoundCrush 4,6,10 9,11,7 4,11,5 8,5,9 11,4,5 6,10,8 7,1,5 9,7,5 8,0,3
    """)

/// The same of 300 instances, each list folded into a number: here some straws are equal, and the walk of a hash map
/// decides.
let helixFolded: [(zones: Int32, absent: Set<Int32>, folded: [String: Int32])] = [
    (0, [], ["AutoRebalance": 16_043_868, "Crush": -1_551_863_152, "CrushEd": 754_836_820]),
    (12, [], ["Crush": 1_381_581_571, "CrushEd": -71_249_776, "MultiRoundCrush": -1_565_767_501]),
    (12, [17], ["AutoRebalance": -1_465_258_704, "Crush": -476_649_068, "MultiRoundCrush": -607_224_612]),
]
