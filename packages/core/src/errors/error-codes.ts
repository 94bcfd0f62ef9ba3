/**
 * Every way a request, a response or a start of Saker can fail, and whether trying again by itself can help.
 *
 * The table alone decides `retryable`; a throw site never does. `docs/errors.md` explains each code and what to do, and
 * a test holds that page against this table. A retired code is never used again with another meaning.
 */
export const ERROR_CODES = {
  // an HTTP request that ingest refuses: nothing was stored
  ALERT_MALFORMED: { retryable: false },
  ALERT_TOO_LARGE: { retryable: false },
  MEDIA_TYPE_UNSUPPORTED: { retryable: false },
  ROUTE_UNKNOWN: { retryable: false },
  TOKEN_MISSING: { retryable: false },
  TOKEN_INVALID: { retryable: false },
  CLUSTER_FORBIDDEN: { retryable: false },
  CLUSTER_UNKNOWN: { retryable: false },
  CLUSTER_UNSPECIFIED: { retryable: false },

  // a request of an operator that the admin server refuses, or that never reaches it
  LOGINS_THROTTLED: { retryable: false },
  ORIGIN_FORBIDDEN: { retryable: false },
  BOARD_WRITE_FORBIDDEN: { retryable: false },
  REQUEST_INVALID: { retryable: false },
  RESPONSE_UNKNOWN: { retryable: false },
  RESPONSE_NOT_FAILED: { retryable: false },
  RESPONSE_NOT_HELD: { retryable: false },
  LANE_UNKNOWN: { retryable: false },
  WRITES_THROTTLED: { retryable: false },
  ADMIN_UNREACHABLE: { retryable: false },

  // from the alert to the workload and its manifest
  NAMESPACE_MISSING: { retryable: false },
  WORKLOAD_NOT_FOUND: { retryable: false },
  WORKLOAD_AMBIGUOUS: { retryable: false },
  WORKLOAD_KIND_UNSUPPORTED: { retryable: false },

  // a folder, kustomization or source that cannot be followed
  LAYOUT_UNBUILDABLE: { retryable: false },
  LAYOUT_UNSUPPORTED: { retryable: false },
  SOURCE_UNLISTED: { retryable: false },

  // the manifest cannot be edited safely
  MANIFEST_MISSING: { retryable: false },
  MANIFEST_UNPARSEABLE: { retryable: false },
  MANIFEST_NOT_TEXT: { retryable: false },
  MANIFEST_NOT_A_FILE: { retryable: false },
  MANIFEST_ENCRYPTED: { retryable: false },
  MANIFEST_TEMPLATED: { retryable: false },
  MANIFEST_SHARED_VALUE: { retryable: false },
  MANIFEST_EDIT_UNSAFE: { retryable: false },

  // an edit would do less than it is meant to, or more
  ACTION_NOT_APPLICABLE: { retryable: false },
  OPTED_OUT: { retryable: false },
  LAYER_SHARED: { retryable: false },
  MANIFEST_GENERATED: { retryable: false },
  SOURCE_PINNED: { retryable: false },
  SOURCE_SUSPENDED: { retryable: false },
  FIELD_IGNORED: { retryable: false },
  EVIDENCE_AT_RISK: { retryable: false },
  REMOVAL_NOT_PRUNED: { retryable: false },
  ISOLATION_UNCERTAIN: { retryable: false },
  EDIT_UNPROVEN: { retryable: false },

  // what was done cannot be taken back as it is
  UNDO_CONFLICT: { retryable: false },
  UNDO_SHARED: { retryable: false },
  UNDO_UNREADABLE: { retryable: false },
  UNDO_NOT_DIRECT: { retryable: false },

  // the repository refuses, or cannot be reached
  BRANCH_MOVED: { retryable: true },
  COMMIT_UNCONFIRMED: { retryable: true },
  RATE_LIMITED: { retryable: true },
  REPOSITORY_UNAVAILABLE: { retryable: true },
  CREDENTIAL_INVALID: { retryable: false },
  CREDENTIAL_FORBIDDEN: { retryable: false },
  REPOSITORY_NOT_FOUND: { retryable: false },
  REPOSITORY_EMPTY: { retryable: false },
  REPOSITORY_ARCHIVED: { retryable: false },
  BRANCH_NOT_FOUND: { retryable: false },
  TREE_TOO_LARGE: { retryable: false },
  TREE_INVALID: { retryable: false },
  BRANCH_PROTECTED: { retryable: false },
  PROPOSAL_BEHIND: { retryable: false },
  COMMIT_REJECTED: { retryable: false },
  PULL_REQUEST_REJECTED: { retryable: false },

  // Saker itself
  CONFIG_INVALID: { retryable: false },
  INPUT_UNREADABLE: { retryable: false },
  LANE_REMOVED: { retryable: false },
  RESPONSE_REMOVED: { retryable: false },
  CONFIG_BEHIND: { retryable: true },
  LANE_PAUSED: { retryable: true },
  QUEUE_UNAVAILABLE: { retryable: true },
  SHUTTING_DOWN: { retryable: true },
  INTERNAL: { retryable: true },
} as const satisfies Record<string, { retryable: boolean }>

/** One of the closed set of error codes; users may rely on their spelling. */
export type ErrorCode = keyof typeof ERROR_CODES
