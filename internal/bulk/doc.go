// Package bulk does one thing to many examples: an act. What is chosen is frozen
// when the act is drafted; trying it out beforehand runs the very code of the act
// and rolls it back, so a preview can't say what will not happen; carrying it out
// settles one example after the other, each in a transaction of its own together
// with its row of the act, so that an act can die at any instant and goes on where
// it was; and one undo takes all of it back, except where somebody has been since.
// What a decision means, package review knows; an act is one reviewer's.
package bulk
