// address = { navn, adresselinje1 .. adresselinje4, postnummer, poststed, land }, all texts. The register's form is
// { name, street (lines joined by ";"), postalCode, postalArea, country }.
#include "domain/print_address.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/ascii.hpp"

namespace kanal::domain {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 4> line_names{"adresselinje1", "adresselinje2", "adresselinje3",
                                                     "adresselinje4"};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view{};
}

bool is_blank(const json::object& object, std::string_view name) { return trimmed(text_of(object, name)).empty(); }

const json::object* object_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

/// The object under `name`, made when there is none.
json::object& object_at(json::object& object, std::string_view name) {
  auto& value = object[name];
  return value.is_object() ? value.get_object() : value.emplace_object();
}

void fill(json::object& into, std::string_view name, std::string_view text) {
  if (is_blank(into, name) && !text.empty()) into[name] = text;
}

void fill_address(json::object& into, const json::object& from) {
  fill(into, "navn", text_of(from, "name"));
  if (is_blank(into, line_names.front())) {
    std::string_view street = text_of(from, "street");
    for (const auto line : line_names) {
      const auto end = std::min(street.find(';'), street.size());
      fill(into, line, trimmed(street.substr(0, end)));
      street.remove_prefix(std::min(end + 1, street.size()));
    }
  }
  fill(into, "postnummer", text_of(from, "postalCode"));
  fill(into, "poststed", text_of(from, "postalArea"));
  fill(into, "land", text_of(from, "country"));
}

/// Absent counts as Norwegian; an empty text does not.
bool is_norwegian(const json::object& address) {
  const auto* country = address.if_contains("land");
  if (country == nullptr || !country->is_string()) return true;
  const std::string_view name = country->get_string();
  return same_ignoring_case(name, "norge") || same_ignoring_case(name, "norway");
}

tl::unexpected<Error> missing(std::string_view what) {
  return reject("submit.address", fmt::format("Missing address information: {}", what));
}

Result<void> check_address(const json::object* address, std::string_view name) {
  if (address == nullptr) return missing(name);
  const bool complete =
      !text_of(*address, line_names.front()).empty() &&
      (!is_norwegian(*address) || (!text_of(*address, "postnummer").empty() && !text_of(*address, "poststed").empty()));
  if (complete) return {};
  return missing(fmt::format("{}.postnummer/poststed/adresselinje1", name));
}

}  // namespace

void fill_print_addresses(json::object& body, const json::object& service_record) {
  if (const auto* receiver = object_in(service_record, "postAddress")) {
    fill_address(object_at(body, "mottaker"), *receiver);
  }
  const bool had_return = object_in(body, "retur") != nullptr;
  if (const auto* back = object_in(service_record, "returnAddress")) {
    fill_address(object_at(object_at(body, "retur"), "mottaker"), *back);
  }
  if (had_return) return;
  if (auto* made = body.if_contains("retur")) made->get_object()["returhaandtering"] = "DIREKTE_RETUR";
}

void fill_print_defaults(json::object& body) {
  fill(body, "utskriftsfarge", "SORT_HVIT");
  fill(body, "posttype", "B_OEKONOMI");
}

Result<void> check_print_addresses(const json::object& body) {
  if (auto receiver = check_address(object_in(body, "mottaker"), "mottaker"); !receiver) return receiver;
  const auto* back = object_in(body, "retur");
  return check_address(back == nullptr ? nullptr : object_in(*back, "mottaker"), "retur");
}

}  // namespace kanal::domain
