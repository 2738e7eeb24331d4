/**
 * Every limit of Usher, each with its reason. Sources: reference/security.md, sections 8 and 12.
 * Units are last in the names.
 */
export const limits = {
  /** Largest header block read of one mail: four times what Postfix lets through by default. */
  headerBlockBytes: 256 * 1024,
  /** Longest single header field that is looked at; longer ones are cut. */
  headerFieldBytes: 64 * 1024,
  /** Header fields looked at in one mail. */
  headerFields: 1000,
  /** How much of a mail's beginning is read: header block, first plain text and first HTML part. */
  mailPrefixBytes: 3 * 256 * 1024,
  /** Decoded text kept of one text part. */
  textPartChars: 256 * 1024,
  /** MIME parts of one mail that are looked at; the mail's text comes first in every client's mail. */
  mimeParts: 200,
  /** Addresses of one kind of header field; more are never of one person. */
  addressesPerMail: 100,
  /** Received lines of an ordinary mail stay far below (Postfix: hopcount_limit). */
  receivedFields: 50,
  /** Time one mail may take to parse before its worker is ended. */
  parseTimeMs: 2000,
  /** Heap of the parsing worker. */
  parseHeapMb: 128,
  /** A parsing worker that has nothing to do is ended; starting one takes a fraction of a second. */
  parserIdleMs: 30_000,
  /** A worker that has not started by then is a fault of this machine, not of a mail. */
  parserStartMs: 30_000,
  /** Largest mail whose DKIM signature is verified here: share mails with their pictures stay far below. */
  dkimMailBytes: 512 * 1024,
  /** Signatures of the sender's own domain that are verified; senders write one or two, by kind of key. */
  dkimSignatures: 4,
  /** All key records of one mail. */
  dkimLookupMs: 5000,
  /** A mail whose key no name server could tell is read again after this, and judged without it in the end. */
  dkimWaitMs: 30_000,
  dkimPatienceMs: 15 * 60_000,
  /** One key record; RSA of 4096 bits takes 750. */
  dkimRecordChars: 4096,
  /** Verifying one mail, keys at hand; an ordinary one takes a millisecond. */
  dkimTimeMs: 2000,
  /** Heap of the verifying thread. */
  dkimHeapMb: 64,
  /** A clock may be wrong by a time zone; a later Date is there to stay on top of the inbox. */
  futureDateMs: 24 * 3600_000,
  /** Shorter names of domains are too often one letter apart by chance. */
  typedLabelChars: 5,
  /** Links looked at in one mail. */
  linksPerMail: 200,
  /** Lines of a mail that labels and phrases are looked for in; those of a share mail stand within the first hundred. */
  ownLinesPerMail: 2000,
  ownLineChars: 1000,
  /** What is shown for a link; more than any button says, and a whole address. */
  linkTextChars: 300,
  /** Keys of one link's query; the longest share link known has seven. */
  queryKeys: 20,
  /** Longest URL that is parsed (reference/security.md 3.4). */
  urlChars: 2048,
  /** Texts shown to people. */
  titleChars: 200,
  nameChars: 100,
  /** A stranger's subject as it is looked at: the longest line of RFC 5322, section 2.1.1. */
  mailSubjectChars: 998,
  messageChars: 2000,
  /** Subject of a sent mail: a title and a name, with the words of a template around them. */
  sentSubjectChars: 500,
  /** A person's name and the site's, with the words of a template between them. */
  displayNameChars: 300,
  /** A line of a header field has 998 characters (RFC 5322 section 2.1.1); real ones have a hundred. */
  messageIdChars: 900,
  /** RFC 5321 section 4.5.3.1.3: a path of 256 octets with its brackets. */
  addressChars: 254,
  /** Text of another server that is kept in a record. */
  remoteTextChars: 300,
  /** Addresses of one sharing in one command. */
  recipientsPerSharing: 1000,

  /** IMAP: reference/security.md 8.2; imapflow's own defaults reach 2 GiB. */
  imapConnectMs: 20_000,
  imapGreetingMs: 10_000,
  imapCommandMs: 60_000,
  /** A BODYSTRUCTURE comes in one line, about a hundred bytes for each part, and the longest file names of attachments. */
  imapLineBytes: 256 * 1024,
  imapLiteralBytes: 1024 * 1024,
  imapResponseBytes: 4 * 1024 * 1024,
  /** Greeting, capabilities and login together; an honest server needs a few KiB. */
  imapLoginBytes: 256 * 1024,
  /** Header fields of one mail in a scan; the rest of a huge field decides nothing. */
  imapHeaderFieldsBytes: 64 * 1024,
  /** One batch of headers, however slowly it drips in. */
  imapBatchMs: 10 * 60_000,
  /** Messages searched at a time where a server lists all hits in one line. */
  imapSearchMessages: 5000,
  imapLogoutMs: 5000,
  /** Mails up to this size are read whole: sparing their small attachments would cost more than it saves. */
  slimWholeBytes: 64 * 1024,
  /** Text of one part that a scan looks at, as it is coded: links of invitations stand far before. */
  scanTextBytes: 64 * 1024,
  /** No server writes invitations of this size; larger mails without a header field of theirs are passed over. */
  scanTextMailBytes: 4 * 1024 * 1024,
  /** Texts of many mails that are held in memory at a time. */
  imapTextsBytes: 8 * 1024 * 1024,
  /** Structures of many mails, on average: ordinary ones take half a KiB. */
  imapStructureBytes: 16 * 1024,
  /** How often folders for answers are looked at where the server does not tell. */
  answerPollMs: 30_000,
  /** How far the clock of a mail server may be ahead of Usher's: a mail that came later than it was first seen was not moved. */
  answerClockMs: 2 * 60_000,
  /** How often an answer by moving mail looks for its outcome where nothing wakes it. */
  answerLookMs: 60_000,
  /** All reconnects of a site: a restarted mail server answers about 60 logins in a second (reference/mail-daemons.md 8). */
  imapConnectsPerSecond: 5,
  /** Messages whose headers are asked for and committed in one go. */
  scanBatchMessages: 500,
  /** Messages of one batch that a server may refuse to show before the folder counts as broken. */
  scanRefusedMessages: 10,
  /** Announcements that follow each other faster are answered together: no server can keep a watcher spinning. */
  imapWakeMs: 500,
  /** How often a watcher writes down that all is well. */
  progressSaveMs: 60_000,
  /** How soon a daemon sees accounts and mailboxes that a command changed. */
  mailboxRefreshMs: 5000,
  /** IDLE is renewed before the 29 minutes of RFC 2177. */
  imapIdleMs: 9 * 60_000,
  /** Reconnects: first wait, longest wait, and how long a connection must live to start over. */
  imapBackoffFirstMs: 1000,
  imapBackoffMaxMs: 10 * 60_000,
  imapStableMs: 5 * 60_000,
  /** Refused passwords in a row, or time since the first, after which a mailbox is disabled. */
  imapAuthFailures: 20,
  /** Waits after a refused password: twenty tries then take about three days, and lock nobody out. */
  imapAuthBackoffFirstMs: 60_000,
  imapAuthBackoffMaxMs: 6 * 3600_000,
  imapAuthFailureMs: 3 * 24 * 3600_000,

  /** HTTP to origins. A total deadline, because undici's body timeout counts gaps only. */
  httpDnsMs: 5000,
  httpConnectMs: 5000,
  httpHeadersMs: 10_000,
  httpTotalMs: 30_000,
  httpBodyBytes: 1024 * 1024,
  /** Header block of an answer; twice what Node takes, since OX puts whole links and messages into Location. */
  httpHeaderBytes: 32 * 1024,
  httpRedirects: 3,
  /** A download that brings nothing this long is dead. */
  httpStreamSilenceMs: 30_000,
  /** The longest download: a slow reader must not hold a place at an origin for ever. */
  httpStreamTotalMs: 6 * 3600_000,
  /** Addresses of one name that are looked at. */
  httpAddresses: 16,
  /** One of several addresses may be dead; a server on the other side of the world still answers within this. */
  httpAddressMs: 2000,
  /** Sets of authorities of `outbound.exceptions` whose TLS contexts are kept; more than anybody has. */
  httpTlsContexts: 32,
  httpPerOrigin: 2,
  httpTotal: 50,
  /** Downloads have places of their own: a slow reader keeps one for hours, and must not keep mails and checks waiting. */
  httpStreamsPerOrigin: 4,
  httpStreamsTotal: 50,
  /** Retry-After of other servers is clamped to this. */
  retryAfterMinMs: 1000,
  retryAfterMaxMs: 24 * 3600_000,
  /** OX: polls of one 202 job, and the wait between them. */
  oxJobPolls: 20,
  oxJobPollMs: 500,
  /** OX: a logout may outlive the work it ends, but must not hold up an orderly stop. */
  oxLogoutMs: 3000,
  /** Folders and files that mails may name of one share: people name a few, and each costs requests and is left one by one. */
  shareTargets: 100,
  /** OX: folders of one guest that are probed in one visit, three requests each; the rest waits in the list of what was left. */
  oxFoldersPerShare: 20,
  /** Entries of a folder that are listed. */
  folderEntries: 500,
  /** Entries of one kind in a folder that is browsed; an answer of httpBodyBytes holds about as many. */
  listedEntries: 10_000,
  /** Folders below each other on the way to a file, two requests each. */
  browsedFolders: 50,
  /** OX pauses an account this long after an error (retryAfterErrorInterval). */
  originErrorPauseMs: 3600_000,

  /** How long a statement waits for another process's write, such as a command beside the daemon. */
  storeBusyMs: 5000,
  /** How long a starting daemon waits for a command that looks whether one is running. */
  instanceLockWaitMs: 500,

  /** Jobs: how many at a time, how long one may be held, how often one is tried. */
  jobsAtOnce: 8,
  jobsPerLane: 2,
  /** A lease is renewed while its worker runs, up to the longest end of an SMTP transfer and some. */
  jobLeaseMs: 120_000,
  jobLongestMs: 20 * 60_000,
  /** A worker whose signal was aborted may tidy up this long; then its outcome no longer counts. */
  jobAbortGraceMs: 5000,
  /** Jobs that ran when processes died this often run one at a time, so that the guilty one dies alone. */
  jobSuspectDeaths: 2,
  /** Other processes enqueue into the same file; one indexed query in this interval finds their work. */
  jobPollMs: 1000,
  /** Three process deaths over one mail mean the mail is the cause. */
  readTries: 3,
  followTries: 12,
  /** Five days, as mail servers keep trying (reference/security.md, section 12). */
  sendForMs: 5 * 24 * 3600_000,
  /** A send whose end is unknown is repeated at most this often, with the same bytes. */
  sendUnknownRepeats: 2,
  sendUnknownWaitMs: 10 * 60_000,

  /** Notice mails to one account within a day; what comes on top is told in one summary. */
  noticesPerDay: 20,
  noticeDayMs: 24 * 3600_000,
  /** Lines of one summary; it says how many more there are. */
  summaryLines: 50,

  /** Addresses with a secret that are looked at in one report; a report is about one mail. */
  bounceSecrets: 10,
  /** Local part of the address for bounces: it may have 64 octets (RFC 5321 section 4.5.3.1.1), and the detail takes 44. */
  bounceLocalChars: 20,
  /** Failures of one sharing within this time are told in one notice; later ones wait longer, at most a day. */
  sharerNoticeWaitMs: 10 * 60_000,
  sharerNoticeWaitMaxMs: 24 * 3600_000,
  /** From this score on nothing is sent to an address: one mail to an address that does not exist has twice as much. */
  suppressionThreshold: 1,
  /** An address that does not exist is left alone this long; people do get new mailboxes. */
  suppressionHalfLifeMs: 14 * 24 * 3600_000,
  /** However often mail came back, after six weeks it is tried again. */
  suppressionScoreMax: 8,
  /** What faded this long ago is forgotten. */
  suppressionForgetMs: 180 * 24 * 3600_000,

  /** SMTP: RFC 5321 section 4.5.3.2, shortened where a local server is asked. */
  smtpConnectMs: 20_000,
  smtpGreetingMs: 30_000,
  smtpCommandMs: 120_000,
  smtpDataDoneMs: 600_000,
  /** Longest reply that is kept in memory while it comes in. */
  smtpReplyBytes: 64 * 1024,
  /** An unused connection is given back to the mail server, well before Postfix drops it (300 s). */
  smtpIdleMs: 30_000,

  /** Templates are files of the operator: the bounds only keep a mistake from taking the machine. */
  templateBytes: 256 * 1024,
  templateHtmlChars: 1024 * 1024,
  /** Partials in partials, and how many one template may name: Usher's own need two. */
  templateIncludeDepth: 5,
  templateIncludes: 50,
  /** Languages of one template; Usher brings four. */
  templateLocales: 50,
  /** How often templates are looked at for changes while mails are written. */
  templateLookMs: 2000,
  /** A file that changed less than this ago may be half written. */
  templateSettleMs: 500,
  /** The picture of a brand travels with every mail. */
  brandLogoBytes: 64 * 1024,
  brandFooterLines: 10,
  brandLinks: 10,
  /** A preview in a browser: starting it, and its four pictures. */
  pictureMs: 60_000,
  /** How high a picture of a mail gets; summaries are the longest. */
  pictureHeightPx: 16_000,
  /** How often files are looked at while somebody edits and watches. */
  previewLookMs: 300,
  /** Tabs that may watch. */
  previewConnections: 50,
  /** Compiling all templates in all languages takes a second or two. */
  templateCompileMs: 30_000,
  /** Filling one template takes well under a millisecond; a loop in a template ends here. */
  templateRenderMs: 1000,
  /** Objects and characters that one filling may make, in LiquidJS' own count. */
  templateMemory: 10_000_000,

  /** Configuration and the files it names: far above any that people write, far below what hurts. */
  configBytes: 1024 * 1024,
  secretFileBytes: 64 * 1024,
  certificateFileBytes: 1024 * 1024,
  /** One connection that `usher check` tries. */
  checkConnectionMs: 30_000,
  /** Shortest configured interval, and the longest: timers of Node count to 2^31 ms, less than 25 days. */
  intervalMinMs: 1000,
  intervalMaxMs: 24 * 24 * 3600_000,
  /** How far back a first hook-up may look. */
  lookBackMaxMs: 3650 * 24 * 3600_000,

  /** How long a notification may be held: time for a glance at one's mail, and less than origins forget their links. */
  holdMinMs: 60_000,
  holdMaxMs: 3650 * 24 * 3600_000,

  /** A sharing that ends, and reminders: nobody answers within minutes. */
  sharingMinMs: 60_000,
  /** Reminders of one sharing to one recipient. */
  reminders: 5,
  /** A reminder that is later than this is not sent: whoever switches reminders on does not wake sharings of years. */
  reminderLateMs: 7 * 24 * 3600_000,
  /** A mail that waits for its place in a limit comes so much later: one that is sent slowly keeps no other from its place. */
  sendTurnSlackMs: 1000,
  /** Characters of the key that a program gives with a request, so that it can repeat the request. */
  idempotencyKeyChars: 200,

  /** Rules of one Cozy sharing or token, and documents that one rule names; applications name a folder or an album. */
  permissionRules: 50,
  permissionValues: 1000,
  /** All rules in one line, as tokens and links have them. */
  scopeChars: 16 * 1024,
  /** Members of one Cozy sharing (reference/cozy.md 7.1). */
  cozyMembers: 90,
  /** One file of an instance host: it is kept in the store, and read into memory whole. */
  cozyFileBytes: 16 * 1024 * 1024,
  /** Documents of one account, so that nobody who may write fills the disk; and those of one list. */
  cozyDocuments: 20_000,
  cozyListedDocuments: 1000,
  /** Earlier revisions of a document that are known: what a recipient missed more than these looks like a document of its own. */
  cozyAncestors: 50,
  /** Folders below each other: the way up ends there, also where folders lie in a circle. */
  cozyFolders: 50,

  /** Names and ids of an OAuth client, and the addresses that its answers may go to; Cozys send one. */
  oauthTextChars: 200,
  oauthRedirects: 5,
  /** A Cozy registers again for each sharing, under the same name with a number behind. */
  oauthNameTries: 100,
  /** Anybody may register: so many clients wait for a sharing, as long as an invitation may lie in a mailbox. */
  oauthUnboundClients: 1000,
  /** Of those, from one network: many Cozys may have one provider, but nobody fills the rest alone. */
  oauthUnboundClientsOfNetwork: 200,
  oauthUnboundMs: 180 * 24 * 60 * 60_000,
  /** A code is exchanged while the answer is given, or when the other side is up again. */
  oauthCodeMs: 60 * 60_000,
  /** reference/cozy.md 7.1. */
  oauthAccessTokenMs: 7 * 24 * 60 * 60_000,

  /** A description, name, id or address in a Cozy sharing; longer ones are refused, none is nearly as long. */
  cozyTextChars: 1000,
  /** Requests to share that strangers may bring to one instance host in a day, as the proxy of Cozy's platform 2 takes them. */
  cozyRequestsPerDay: 200,
  /** Those of one sharer's Cozy in a day: a whole family's albums. */
  cozyRequestsPerSharer: 30,
  /** Cozys that one invitation is brought to in a day: each is a request of ours to an address that somebody typed. */
  cozyDiscoveriesPerDay: 30,
  cozyRequestDayMs: 24 * 3600_000,
  /** Sharers that are remembered for it; the oldest is forgotten first. */
  cozyRequestSharers: 10_000,
  /** A request that nobody accepted is kept this long; notices and links of invitations live no longer. */
  cozyRequestKeptMs: 180 * 24 * 3600_000,
  /** Documents of one step of a replication, content of files aside. */
  cozyBulkBytes: 4 * 1024 * 1024,
  /** Files whose content was announced and has not come: a sharer's Cozy sends one after the other. */
  cozyUploads: 1000,
  cozyUploadMs: 10 * 60_000,

  /** One field that carries or describes signatures; RSA of 4096 bits takes 700. */
  signatureFieldChars: 8192,
  /** What one signature covers: seven at most in what servers send. */
  signedComponents: 30,
  /** A peer's text in the reason why its signature does not count. */
  signatureShownChars: 100,
  /** Key ids are URLs with a fragment. */
  keyIdChars: 500,
  /** One public key, or one number of it. */
  keyChars: 8192,
  /** RFC 7518 section 3.3; longer keys than this cost more than they protect. */
  rsaKeyMinBits: 2048,
  rsaKeyMaxBits: 8192,

  /** Log lines stay readable: one text, the values of one list, and how deep fields may lie. */
  logTextChars: 2000,
  logValues: 50,
  logDepth: 6,
  /** What the redactor reads of one text; longer ones are cut at a word before. */
  redactedChars: 16 * 1024,
  /** systemd-notify waits at most 5 s for systemd; a child that takes longer is ended. */
  notifyMs: 10_000,

  /** Levels of lists and objects in a JSON body: documents of Cozys have a handful. */
  jsonLevels: 100,

  /** HTTP that is served: sizes and times of reference/security.md 12. */
  serverBodyBytes: 256 * 1024,
  serverHeadersMs: 10_000,
  serverRequestMs: 30_000,
  /** A connection over which nothing moves in either direction. */
  serverSilenceMs: 60_000,
  /** Longer than reverse proxies keep theirs (nginx: 60 s), so that none sends into a closing connection. */
  serverKeepAliveMs: 72_000,
  serverConnections: 1000,
  /** Running requests may end this long after a stop was asked for; downloads are cut. Below stopGraceMs. */
  serverCloseMs: 5000,
  /** Wrong tokens and page secrets of one address (a /64 of IPv6) before it is sent away, and for how long. */
  wrongSecrets: 10,
  wrongSecretsMs: 10 * 60_000,
  /** Addresses that are remembered for it; the oldest is forgotten first. */
  wrongSecretsAddresses: 10_000,
  /** Rows of one page of a list. */
  pageRows: 50,
  pageRowsMax: 200,
  /** A guest password that an account types. */
  sharePasswordChars: 1024,
  /** Path of a file behind a share; request heads of Node end at 16 KiB. */
  filePathChars: 4096,
  /** The link of a notice mail, and the form of a page once it was loaded. */
  answerSecretMs: 14 * 24 * 3600_000,
  formTokenMs: 15 * 60_000,
  /** Longest life that a token is given. */
  apiTokenMaxMs: 3650 * 24 * 3600_000,

  /** A work loop that was silent this long is stuck: the watchdog is no longer fed. It beats every jobPollMs. */
  watchdogBeatMs: 30_000,
  /** Orderly stop: running work may finish this long. */
  stopGraceMs: 25_000,
  /** Last resort after a stop was asked for; below TimeoutStopSec of the unit. */
  stopForcedMs: 40_000,
  /** Hosts in one list of `ocm`; more belong behind a directory. */
  ocmListedHosts: 500,
  /** An invitation that ends sooner cannot be answered by a person. */
  ocmInviteMinMs: 60_000,
  /** How long a peer's discovery counts; Nextcloud keeps it as long (reference/ocm.md 6.2). */
  ocmDiscoveryMs: 24 * 3600_000,
  /** A peer whose discovery failed is left alone for so long (reference/ocm.md 6.2). */
  ocmDiscoveryPauseMs: 5 * 60_000,
  /** A discovery or key set; those seen have three thousand bytes. */
  ocmDiscoveryBytes: 64 * 1024,
  /** Body of a signed request that Nextcloud takes (reference/ocm.md 4.8), and so the largest that anybody sends. */
  ocmBodyBytes: 50_000,
  /** An identifier, name or secret in a message between servers; those seen have a hundred characters. */
  ocmTextChars: 1000,
  /** Capabilities, criteria, resource types, permissions or requirements that are read of one message. */
  ocmListed: 50,
  /** How old a signature may be, and how far ahead of this clock (reference/ocm.md 4.8). */
  ocmSignatureAgeMs: 300_000,
  ocmSignatureAheadMs: 60_000,
  /** Taken signatures of one peer that are remembered while they could be replayed: sixty a second for six minutes. */
  ocmSeenSignatures: 20_000,
  /** Keys of one peer that are read and kept: servers have one to three, more while they change them. */
  ocmPeerKeys: 20,
  /** Key sets of peers that are held in memory; others are fetched again. */
  ocmKeySets: 200,
  /** Peers whose discovery is kept: any stranger can name one more. */
  ocmPeers: 10_000,
  /** Shares that wait for one account's answer: a stranger cannot fill the store. */
  ocmPendingShares: 200,
  /** How long a peer is sent away from an account that has so many. */
  ocmFullMs: 3600_000,
  /** How long a share that ended, or that the account let lie, is remembered, so that its peer may speak of it again. */
  ocmEndedShareMs: 30 * 24 * 3600_000,
  /** Shares that one sweep ends because their time is over; the rest is found by the next. */
  ocmSweptShares: 200,
  /** Open invitations of one account. */
  ocmOpenInvites: 1000,
  /** Invitations that a stranger's web form brings and that wait for one account's answer. */
  ocmPendingInvites: 20,
  /** Open invitations that one sweep closes; the rest is found by the next. */
  ocmSweptInvites: 200,
  /** How long a form of a person waits for the discovery of the server that he named. */
  ocmTypedHomeMs: 20_000,
  /** How long a peer that could not be looked at is asked to wait before it comes again. */
  ocmComeAgainMs: 60_000,
  /** How long a peer may take to post the share that a public link is turned into. */
  ocmExpectedMs: 2 * 60_000,
  /** How long an access token of a sent share counts (reference/ocm.md 4.7). */
  ocmAccessTokenMs: 3600_000,
  /** Whom one sharing is offered to over Open Cloud Mesh: each is a request to another server. */
  ocmRecipients: 200,
  /** Shares that one account gives at the same time: each opens something of an application. */
  ocmSentShares: 10_000,
  /** Nextcloud of the master line takes five shares from one host in twenty minutes (reference/ocm.md 6.2). */
  ocmPacedShares: 5,
  ocmPacedMs: 1_200_000,
  /** What a peer says about a share that it does not take, in a recipient's story. */
  ocmPeerWordsChars: 200,
  /** A file that a peer writes into a share: it is held in memory on its way to the application. */
  ocmPutBytes: 16 * 1024 * 1024,
  /** Files that one recipient of a share reads at the same time; fewer than httpStreamsPerOrigin, so that others get some too. */
  ocmStreamsPerShare: 3,
  /** Entries of one multistatus answer (RFC 4918) that are read. */
  davEntries: 2000,
  /** Elements below each other in one; those that are read lie six deep. */
  davLevels: 30,
  /** One name in a path; file systems take 255 bytes. */
  davNameChars: 255,
  /** How long an access token counts whose server does not say (reference/ocm.md 4.7 has 300 s to 24 h), and at most. */
  ocmForeignTokenMs: 300_000,
  ocmForeignTokenMaxMs: 24 * 3600_000,
  /** A token is given up so long before its end, or at half its life where that is longer: requests take their time. */
  ocmForeignTokenSpareMs: 30_000,
  /** JWTs of one signature have a thousand characters. */
  ocmForeignTokenChars: 8192,
  /** A process that died over an exchange keeps others from it so long; the exchange takes three requests at most. */
  ocmExchangeMs: 2 * 60_000,
  /** How often is looked whether another process is through with it. */
  ocmExchangePollMs: 200,
  /** Federated shares of one list at a home server that are looked at. */
  remoteShares: 2000,
} as const;
