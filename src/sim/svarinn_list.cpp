#include "sim/svarinn_list.hpp"

#include <boost/json/array.hpp>

namespace kanal::sim {
namespace {

namespace json = boost::json;

json::value or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

/// The member as an object, made when it is none.
json::object& object_at(json::object& item, std::string_view name) {
  auto& value = item[name];
  if (!value.is_object()) value = json::object{};
  return value.get_object();
}

void spoil_files(json::object& item, const std::function<void(json::object&)>& change) {
  auto* files = item["filmetadata"].if_array();
  if (files == nullptr) return;
  for (auto& file : *files) {
    if (file.is_object()) change(file.get_object());
  }
}

void nulls_everywhere(json::object& item) {
  for (auto& member : item) {
    const std::string_view name = member.key();
    if (name != "id" && name != "downloadUrl" && name != "mottaker") member.value() = nullptr;
  }
}

void unknown_fields(json::object& item) {
  item["nyttFelt"] = json::object{{"dypt", json::array{1, nullptr, "x"}}};
  object_at(item, "mottaker")["nyttFelt"] = true;
  spoil_files(item, [](json::object& file) { file["nyttFelt"] = 1; });
}

void duplicate_names(json::object& item) {
  auto* files = item["filmetadata"].if_array();
  if (files != nullptr && !files->empty()) files->push_back(files->front());
}

void bad_metadata_key(json::object& item) {
  object_at(item, "metadataFraAvleverendeSystem")["ekstraMetadata"] =
      json::array{json::object{{"key", "1 ugyldig <nøkkel>"}, {"value", "verdi & mer"}},
                  json::object{{"key", nullptr}, {"value", nullptr}}};
}

void negative_dates(json::object& item) {
  constexpr std::int64_t before_christ = -99'999'999'999'999;
  auto& noark = object_at(item, "metadataFraAvleverendeSystem");
  noark["journaldato"] = before_christ;
  noark["dokumentetsDato"] = before_christ;
}

}  // namespace

json::object list_item(const Forsendelse& forsendelse, const std::string& download_url) {
  json::array files;
  for (const auto& dokument : forsendelse.dokumenter) {
    files.push_back(json::object{{"filnavn", dokument.filnavn},
                                 {"mimetype", dokument.mimetype},
                                 {"sha256hash", dokument.sha256},
                                 {"size", dokument.size},
                                 {"dokumentType", nullptr},
                                 {"ekstraMetadata", json::array{}}});
  }
  auto out = forsendelse.item;
  for (const char* name :
       {"avsender", "svarSendesTil", "svarPaForsendelse", "metadataFraAvleverendeSystem", "metadataForImport"}) {
    if (!out.contains(name)) out[name] = nullptr;
  }
  out["id"] = forsendelse.id;
  out["tittel"] = forsendelse.tittel;
  out["date"] = std::chrono::floor<std::chrono::milliseconds>(forsendelse.accepted.time_since_epoch()).count();
  out["status"] = "Klar for mottak";
  out["niva"] = forsendelse.niva == 4 ? "4" : "3";
  out["forsendelseType"] = or_null(forsendelse.forsendelsestype);
  out["eksternRef"] = or_null(forsendelse.ekstern_ref);
  out["avgivendeSystem"] = or_null(forsendelse.avgivende_system);
  out["filmetadata"] = std::move(files);
  out["downloadUrl"] = download_url;
  return out;
}

void spoil_item(json::object& item, const std::function<bool(std::string_view)>& met) {
  if (met("nulls")) nulls_everywhere(item);
  if (met("unknown_fields")) unknown_fields(item);
  if (met("duplicate_names")) duplicate_names(item);
  if (met("bad_metadata_key")) bad_metadata_key(item);
  if (met("negative_dates")) negative_dates(item);
  if (met("wrong_sha256")) {
    spoil_files(item, [](json::object& file) { file["sha256hash"] = std::string(64, '0'); });
  }
  if (met("no_sha256")) {
    spoil_files(item, [](json::object& file) {
      file.erase("sha256hash");
      file["size"] = 0;
    });
  }
  if (met("foreign_url")) item["downloadUrl"] = "https://svarut.example.invalid/tjenester/svarinn/forsendelse/1";
  if (met("relative_url")) {
    const std::string id(item["id"].is_string() ? std::string_view(item["id"].get_string()) : std::string_view{});
    item["downloadUrl"] = "/tjenester/svarinn/forsendelse/" + id;
  }
}

const std::vector<ListFlaw>& list_flaws() {
  static const std::vector<ListFlaw> flaws{{"nulls", "everything but id, receiver and downloadUrl is null"},
                                           {"unknown_fields", "there are members that nobody has seen before"},
                                           {"duplicate_names", "two files have one name"},
                                           {"bad_metadata_key", "keys of ekstraMetadata are no XML names, or null"},
                                           {"negative_dates", "dates are long before Christ"},
                                           {"wrong_sha256", "the digests are wrong"},
                                           {"no_sha256", "there are no digests and no sizes"},
                                           {"foreign_url", "downloadUrl is on another host"},
                                           {"relative_url", "downloadUrl is a path"}};
  return flaws;
}

}  // namespace kanal::sim
