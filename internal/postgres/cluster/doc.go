// Package cluster runs the private PostgreSQL of a data directory: it finds
// the binaries, makes the cluster once, starts or adopts the postmaster, keeps
// it alive and stops it when the last user leaves. It is not the way to talk
// to the database: that is package postgres, which takes the DSN.
//
// # What lies where
//
// For a data directory D:
//
//	D/server.lock         held by the one server of D; names its holder
//	D/postgres.lock       held for the moment of a start or a stop
//	D/postgres.users      held shared by every process that uses the cluster
//	D/postgres.password   password of the cluster's roles, 0600
//	D/postgres.log        what the postmaster says; D/postgres.log.1 is older
//	D/postgres.location   only if the cluster had to live elsewhere: its home
//	H/postgres            the cluster; H is D, or what D/postgres.location says
//	H/postgres.init-*     an initialisation in progress, or one that was killed
//	H/pg-bin              copies of npm binaries that the cluster's user could not reach
//
// # What is never done
//
// H/postgres is never deleted, re-initialised or upgraded. Initialisation
// happens beside it and ends in one rename, so a killed one leaves only a
// postgres.init-* folder, which the next start removes. A directory that is
// not a cluster, or a cluster of a major version for which
// there are no binaries, is an error with instructions.
//
// # Who runs it
//
// PostgreSQL refuses to run as root. A server started as root drops the
// cluster, and only the cluster, to the owner of H/postgres if it exists, else
// to the owner of D unless that is root, else to the user postgres, else to
// nobody. That user must be able to reach the cluster; where D lies below a
// folder closed to others (such as /root) no permission is loosened: the
// cluster's home is then a folder of its own below Config.SystemDir, and
// D/postgres.location names it.
//
// # Several processes at once
//
// A server and any number of commands may use one cluster. Each holds a shared
// lock on D/postgres.users; starting and stopping is done under D/postgres.lock;
// whoever leaves last, seen by getting the users lock exclusively, stops the
// postmaster. The locks are flocks, so a process killed with SIGKILL leaves
// none behind; it leaves the postmaster, which runs in a session of its own, and
// the next process adopts it.
package cluster
