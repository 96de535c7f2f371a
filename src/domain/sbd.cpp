#include "domain/sbd.hpp"

#include <algorithm>

namespace kanal::domain {
namespace {

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

bool is_channel_scope(const Scope& scope) { return scope.type == scope_type::message_channel; }

}  // namespace

ConversationId Sbd::conversation_id() const {
  const auto* scope = find_scope(scope_type::conversation_id);
  return ConversationId(scope == nullptr ? std::string{} : scope->instance_identifier.value_or(""));
}

std::string Sbd::process() const {
  const auto* scope = find_scope(scope_type::conversation_id);
  return scope == nullptr ? std::string{} : scope->identifier.value_or("");
}

std::optional<OffsetTime> Sbd::expected_response() const {
  const auto* scope = find_scope(scope_type::conversation_id);
  if (scope == nullptr || scope->information.empty()) return std::nullopt;
  return scope->information.front().expected_response;
}

std::optional<std::string> Sbd::message_channel() const {
  for (const auto& scope : scopes) {
    if (is_channel_scope(scope) && scope.identifier && !is_blank(*scope.identifier)) return scope.identifier;
  }
  return std::nullopt;
}

Scope* Sbd::find_scope(std::string_view type) {
  const auto found = std::ranges::find(scopes, type, &Scope::type);
  return found == scopes.end() ? nullptr : &*found;
}

const Scope* Sbd::find_scope(std::string_view type) const {
  const auto found = std::ranges::find(scopes, type, &Scope::type);
  return found == scopes.end() ? nullptr : &*found;
}

void Sbd::set_message_channel(const std::optional<std::string>& channel) {
  // A scope that names this channel already keeps its instanceIdentifier: an answer repeats it (dpo.md 8.5).
  std::optional<Scope> kept;
  if (channel && !is_blank(*channel)) {
    const auto same =
        std::ranges::find_if(scopes, [&](const Scope& s) { return is_channel_scope(s) && s.identifier == channel; });
    kept = same != scopes.end() ? *same : Scope{std::string(scope_type::message_channel), {}, channel, {}};
    if (kept->instance_identifier.value_or("").empty()) kept->instance_identifier = new_uuid();
  }
  std::erase_if(scopes, is_channel_scope);
  if (kept) scopes.push_back(*std::move(kept));
}

std::string Sbd::sender_value() const { return sender.empty() ? std::string{} : sender.front().value; }

std::string Sbd::receiver_value() const { return receiver.empty() ? std::string{} : receiver.front().value; }

std::string Sbd::body_text(std::string_view member) const {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

}  // namespace kanal::domain
