// A forsendelse as `hentNyeForsendelser` lists it (dpf.md 7), and how faults spoil it. Pure functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "sim/svarut_types.hpp"

namespace kanal::sim {

[[nodiscard]] boost::json::object list_item(const Forsendelse& forsendelse, const std::string& download_url);

/// `met` says whether a fault of this name (without `svarinn.list.`) happens to this item.
void spoil_item(boost::json::object& item, const std::function<bool(std::string_view)>& met);

/// The names that spoil_item() asks for, with what they do.
struct ListFlaw {
  std::string_view name;
  std::string_view description;
};
[[nodiscard]] const std::vector<ListFlaw>& list_flaws();

}  // namespace kanal::sim
