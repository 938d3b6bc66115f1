package comment

// Mentions is tested directly: more cases than are worth a database each.
var Mentions = mentions
