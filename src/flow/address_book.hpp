// Who can be reached, and how: what the services know themselves comes before the register. Thread-safe; may block.
#pragma once

#include "flow/services.hpp"
#include "ports/directory.hpp"

namespace kanal::flow {

class AddressBook final : public ports::Directory {
 public:
  /// Both outlive it.
  AddressBook(ports::Directory& registry, const Services& services) : registry_(registry), services_(services) {}

  Result<std::vector<ports::ServiceRecord>> lookup(const ports::DirectoryQuery& query) override {
    for (const auto& transport : services_.all()) {
      if (auto known = transport->look_up(query)) return std::move(*known);
    }
    return registry_.lookup(query);
  }
  Result<ports::DirectoryEntity> entity(const std::string& identifier) override { return registry_.entity(identifier); }
  Result<std::string> certificate(const Orgnr& organisation) override { return registry_.certificate(organisation); }

 private:
  ports::Directory& registry_;
  const Services& services_;
};

}  // namespace kanal::flow
