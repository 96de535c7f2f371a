// Residents of the Service Registry simulator, and their admin (ours):
//   GET /sim/residents   PUT /sim/residents/{id}   DELETE /sim/residents/{id}
//   { "name", "mailbox"?: null | { "supplier", "address", "active"? }, "reserved"?, "notifiable"?: bool, "email"?,
//     "mobile"?: text, "address"?: null | { "lines": [text], "postal_code", "postal_area", "country" }, "language"? }
//   A member that PUT leaves out keeps its value; an empty text or null takes it away.
#include "crypto/issue.hpp"
#include "domain/partner.hpp"
#include "sim/service_registry.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

json::object resident_json(const Resident& resident) {
  json::object out{{"id", resident.id},
                   {"name", resident.name},
                   {"reserved", resident.reserved},
                   {"notifiable", resident.notifiable},
                   {"email", resident.email.value_or("")},
                   {"mobile", resident.mobile.value_or("")},
                   {"language", resident.language}};
  if (const auto& mailbox = resident.mailbox) {
    out["mailbox"] =
        json::object{{"supplier", mailbox->supplier}, {"address", mailbox->address}, {"active", mailbox->active}};
  } else {
    out["mailbox"] = nullptr;
  }
  if (const auto& address = resident.address) {
    json::array lines;
    for (const auto& line : address->lines) lines.emplace_back(line);
    out["address"] = json::object{{"lines", std::move(lines)},
                                  {"postal_code", address->postal_code},
                                  {"postal_area", address->postal_area},
                                  {"country", address->country}};
  } else {
    out["address"] = nullptr;
  }
  return out;
}

void change_flag(const json::object& body, std::string_view name, bool& into) {
  if (const auto* value = body.if_contains(name); value != nullptr && value->is_bool()) into = value->get_bool();
}

void change_text(const json::object& body, std::string_view name, std::optional<std::string>& into) {
  if (!body.contains(name)) return;
  into = text_member(body, name);
  if (into->empty()) into.reset();
}

void change_mailbox(const json::object& body, Resident& resident) {
  const auto* value = body.if_contains("mailbox");
  if (value == nullptr) return;
  resident.mailbox.reset();
  if (!value->is_object()) return;
  const auto& given = value->get_object();
  Mailbox mailbox{text_member(given, "supplier"), text_member(given, "address"), true};
  change_flag(given, "active", mailbox.active);
  resident.mailbox = std::move(mailbox);
}

void change_address(const json::object& body, Resident& resident) {
  const auto* value = body.if_contains("address");
  if (value == nullptr) return;
  resident.address.reset();
  if (!value->is_object()) return;
  const auto& given = value->get_object();
  resident.address = PostalAddress{texts_member(given, "lines").value_or(std::vector<std::string>{}),
                                   text_member(given, "postal_code"), text_member(given, "postal_area"),
                                   text_member(given, "country")};
}

net::Response change(ServiceRegistry& registry, const std::string& id, const json::object& body) {
  auto resident = registry.find_resident(id).value_or(Resident{.id = id, .name = "Testperson"});
  if (body.contains("name")) resident.name = text_member(body, "name");
  if (body.contains("language")) resident.language = text_member(body, "language");
  change_mailbox(body, resident);
  change_address(body, resident);
  change_flag(body, "reserved", resident.reserved);
  change_flag(body, "notifiable", resident.notifiable);
  change_text(body, "email", resident.email);
  change_text(body, "mobile", resident.mobile);
  if (const auto put = registry.put(std::move(resident)); !put) {
    return json_answer(400, json::object{{"message", put.error().message}});
  }
  return empty_answer(204);
}

}  // namespace

Result<void> ServiceRegistry::put(Resident resident) {
  if (!is_synthetic_person(resident.id)) {
    return reject("sim.person", "a resident needs an eleven-digit number of the synthetic population (month + 80)");
  }
  if (resident.mailbox && !domain::is_orgnr(resident.mailbox->supplier)) {
    return reject("sim.person", "a mailbox supplier is named by nine digits");
  }
  const std::scoped_lock lock(mutex_);
  auto id = resident.id;
  residents_.insert_or_assign(std::move(id), std::move(resident));
  return {};
}

void ServiceRegistry::remove_resident(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  residents_.erase(id);
}

std::optional<Resident> ServiceRegistry::find_resident(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = residents_.find(id);
  return found == residents_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Resident> ServiceRegistry::residents() const {
  std::vector<Resident> out;
  const std::scoped_lock lock(mutex_);
  out.reserve(residents_.size());
  for (const auto& [id, resident] : residents_) out.push_back(resident);
  return out;
}

void ServiceRegistry::spoil_certificates(json::array& records, const std::string& resident) const {
  auto& faults = environment_.faults;
  const bool none = faults.consume("registry.no_certificate", resident);
  const bool expired = faults.consume("registry.expired_certificate", resident);
  if (!none && !expired) return;
  const auto now = environment_.clock.now();
  for (auto& entry : records) {
    auto& record = entry.as_object();
    if (!record["pemCertificate"].is_string()) continue;
    record["pemCertificate"] = nullptr;
    if (none) continue;
    const auto from = now - std::chrono::days(30);
    const auto until = now - std::chrono::days(1);
    const auto supplier = text_member(record, "orgnrPostkasse");
    const auto ca = crypto::make_ca("Somebody's CA", from, until);
    record["pemCertificate"] =
        crypto::issue(ca, {"Old certificate", "Old certificate", supplier, {}, from, until}).certificate.pem();
  }
}

void ServiceRegistry::add_resident_admin_routes() {
  auto& routes = site_.routes();
  routes.add("GET", "/sim/residents", [this](const SharedRequest&, const auto&) -> Answer {
    json::array out;
    for (const auto& resident : residents()) out.push_back(resident_json(resident));
    return json_answer(200, out);
  });
  routes.add("PUT", "/sim/residents/{id}", [this](const SharedRequest&, const auto& v) -> Answer {
    return with_json([this, id = v.at(0)](const json::object& body) { return change(*this, id, body); });
  });
  routes.add("DELETE", "/sim/residents/{id}", [this](const SharedRequest&, const auto& v) -> Answer {
    remove_resident(v.at(0));
    return empty_answer(204);
  });
}

}  // namespace kanal::sim
