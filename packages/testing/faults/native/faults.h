#ifndef MILLRACE_FAULTS_H
#define MILLRACE_FAULTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A library to preload (LD_PRELOAD) into a process that uses a store. It stands between SQLite and the C library and does three
 * things, each only where the environment asks for it:
 *
 *   MILLRACE_FAULTS_STORE    the path of the store: its files are watched (those whose names begin with it), and their folder
 *   MILLRACE_FAULTS_JOURNAL  a file to which all changes and syncs of watched files are appended (journal.c)
 *   MILLRACE_FAULTS_CONTROL  a file of the layout below, shared by all processes: calls that fail, and the wall clock
 */

enum kind { KIND_NONE = 0, KIND_MAIN = 1, KIND_WAL = 2, KIND_SHM = 4, KIND_JOURNAL = 8, KIND_FOLDER = 16, KIND_OTHER = 32 };

#define KINDS 6

struct watched {
  enum kind kind;
  uint64_t inode;
  int64_t errors_seen; /* of control->errors */
};

/* Read and written by control.ts as well: keep the order. Whoever adds a field adds it at the end of both. */
struct control {
  int64_t clock_offset_ns; /* added to the wall clock */
  int64_t syncs;           /* so far, of files of the kinds below */
  int64_t sync_fails_at;   /* the first that fails, counted from 1; 0: none */
  int64_t sync_fails;      /* how many fail from there on */
  int64_t sync_kinds;      /* kinds whose syncs are counted */
  int64_t syncs_failed;    /* so far */
  int64_t writes;          /* so far, of files of the kinds below */
  int64_t write_fails_at;
  int64_t write_fails;
  int64_t write_kinds;
  int64_t writes_failed;
  int64_t write_errno;     /* with which they fail */
  int64_t write_part;      /* octets that the first one still writes before the next fails, as a full disk does */
  int64_t errors[KINDS];   /* syncs that were made to fail so far, by kind: each descriptor that was open is told once */
};

/* NULL where nothing is to be injected. */
extern struct control *control;

/* journal.c: what happened to a file, in the order in which it did. */
enum record {
  RECORD_LINK = 1,       /* value: 1 when the file was created; payload: its path */
  RECORD_UNLINK = 2,     /* payload: the path */
  RECORD_RENAME = 3,     /* payload: old path, 0, new path */
  RECORD_WRITE = 4,      /* about to be made; value: offset; payload: the octets */
  RECORD_TRUNCATE = 5,   /* about to be made; value: length */
  RECORD_SYNC = 6,       /* about to be made */
  RECORD_DONE = 7        /* the write, truncation or sync of this number; value: result, or minus errno */
};

void journal_open(const char *path);
/* Gives the number by which RECORD_DONE names it. */
uint64_t journal_add(enum record type, uint64_t inode, int64_t value, const void *payload, size_t bytes);
void journal_done(uint64_t number, int64_t result);

/* watch.c */
void watch_open(const char *store);
/* What a path is; KIND_NONE for what is not the store's. */
enum kind watch_kind(const char *path);
void watch_add(int descriptor, const char *path, int created);
void watch_remove(int descriptor);
/* Its kind is KIND_NONE where it is not watched. */
struct watched *watch_get(int descriptor);

/* control.c */
void control_open(const char *path);
/* The number of failed syncs of a kind of file up to now. */
int64_t control_errors(enum kind kind);
/* 0, or the errno with which this sync has to fail. */
int control_sync(struct watched *file);
/* 0, or the errno with which this write has to fail; `bytes` may become less, for a write that is cut short. */
int control_write(enum kind kind, size_t *bytes);

#endif
