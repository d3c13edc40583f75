// Who may do what in a group. Owners may do everything, to everybody. Admins add members, remove those who are neither owner nor
// admin, and change what the group is. Roles are given by owners; everybody may lower their own. A group keeps an owner: the
// last one cannot step down, and when they leave, the admin who has been in longest follows, or without admins the member.
import { isRefusal, refuse, type Refusal } from '../refusals.ts'
import type { ChangeConversation, InviteMember, RemoveMember } from './commands.ts'
import type { ConversationEvent, MemberLeft, MemberRoleChanged, Retention, Role } from './events.ts'
import { actingIn, blockedIn, type Conversation, type OpenConversation } from './state.ts'

type Decision = readonly ConversationEvent[] | Refusal

const rank: Record<Role, number> = { owner: 2, admin: 1, member: 0 }

export function inviteMember(command: InviteMember, now: Conversation): Decision {
  const { user, role, by, at } = command
  const here = inGroup(now, by, 'a direct chat has the two members it has')
  if (isRefusal(here)) return here
  const present = here.members.get(user)
  const wanted = role ?? present ?? 'member'
  if (present === wanted) return [] // already so: saying it twice is saying it once
  if (present !== undefined) return changeRole({ user, by, at, from: present, to: wanted }, here)
  const mine = here.members.get(by)
  if (mine === 'member') return refuse('not-allowed', 'owners and admins add members')
  if (wanted !== 'member' && mine !== 'owner') return refuse('not-allowed', 'owners give roles; admins add members')
  if (command.blockedBy?.has(user)) return refuse('blocked', `${user} has blocked you`)
  if (here.members.size >= here.memberLimit) return refuse('group-is-full', `the limit is ${here.memberLimit} members`)
  return [{ type: 'MemberJoined', data: { user, role: wanted, invitedBy: by, at } }]
}

export function removeMember({ user, by, at }: RemoveMember, now: Conversation): Decision {
  if (user === by) return leave(user, at, now)
  const here = inGroup(now, by, 'nobody is taken out of a direct chat')
  if (isRefusal(here)) return here
  const [mine, theirs] = [here.members.get(by), here.members.get(user)]
  if (mine === 'member') return refuse('not-allowed', 'owners and admins remove members')
  if (theirs === undefined) return [] // who is not in is out
  if (theirs !== 'member' && mine !== 'owner') return refuse('not-allowed', 'owners remove owners and admins')
  return [{ type: 'MemberRemoved', data: { user, by, at } }]
}

function leave(user: string, at: string, now: Conversation): Decision {
  if (now.status !== 'open') return refuse('unknown-conversation')
  if (now.former.has(user) && !now.members.has(user)) return []
  if (!now.members.has(user)) return refuse('unknown-conversation')
  if (now.kind === 'direct') return refuse('not-allowed', 'one cannot leave a direct chat')
  const left: MemberLeft = { type: 'MemberLeft', data: { user, at } }
  const heir = heirOf(user, now)
  if (heir === undefined) return [left]
  const follows: MemberRoleChanged = { type: 'MemberRoleChanged', data: { user: heir, role: 'owner', by: null, at } }
  return [left, follows]
}

/** Name, retention, delivered marks: by owners and admins, in a direct chat by either. Only what becomes another is told. */
export function changeConversation(command: ChangeConversation, now: Conversation): Decision {
  const { name, retention, delivered, by, at } = command
  const here = actingIn(now, by)
  if (isRefusal(here)) return here
  const blocked = blockedIn(here, by, command)
  if (blocked) return blocked
  if (here.kind === 'group' && here.members.get(by) === 'member')
    return refuse('not-allowed', 'owners and admins change a group')
  if (here.kind === 'group' && name === null) return refuse('not-allowed', 'a group has a name')
  const events: ConversationEvent[] = []
  if (name !== undefined && name !== here.name) events.push({ type: 'ConversationRenamed', data: { name, by, at } })
  if (retention && !sameRetention(retention, here.retention))
    events.push({ type: 'RetentionChanged', data: { retention, by, at } })
  if (delivered !== undefined && delivered !== here.delivered)
    events.push({ type: 'DeliveredMarksChanged', data: { delivered, by, at } })
  return events
}

function inGroup(now: Conversation, by: string, whyNotDirect: string): OpenConversation | Refusal {
  const here = actingIn(now, by)
  return isRefusal(here) || here.kind === 'group' ? here : refuse('not-allowed', whyNotDirect)
}

type RoleChange = {
  readonly user: string
  readonly by: string
  readonly at: string
  readonly from: Role
  readonly to: Role
}

function changeRole({ user, by, at, from, to }: RoleChange, here: OpenConversation): Decision {
  const lowersOwn = user === by && rank[to] < rank[from]
  if (here.members.get(by) !== 'owner' && !lowersOwn)
    return refuse('not-allowed', 'owners give roles; everybody may lower their own')
  if (from === 'owner' && isLastOwner(user, here))
    return refuse('not-allowed', 'a group keeps an owner: make somebody else one first')
  return [{ type: 'MemberRoleChanged', data: { user, role: to, by, at } }]
}

const isLastOwner = (user: string, { members }: OpenConversation): boolean =>
  members.get(user) === 'owner' && [...members].every(([other, role]) => other === user || role !== 'owner')

function heirOf(user: string, here: OpenConversation): string | undefined {
  if (!isLastOwner(user, here)) return undefined
  const others = [...here.members].filter(([other]) => other !== user)
  return (others.find(([, role]) => role === 'admin') ?? others[0])?.[0]
}

const sameRetention = (one: Retention, other: Retention): boolean =>
  one.mode === 'temporary' ? other.mode === 'temporary' && one.ttlMs === other.ttlMs : one.mode === other.mode
