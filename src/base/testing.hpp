// Helpers for tests of every folder. Never included by product code.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace kanal::testing {

/// A clock that moves only when told.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = Time(std::chrono::sys_days(std::chrono::year(2026) / 9 / 1)) +
                                    std::chrono::hours(8))
      : now_(start) {}
  [[nodiscard]] Time now() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }
  [[nodiscard]] Duration monotonic() const override {
    const std::scoped_lock lock(mutex_);
    return now_.time_since_epoch();
  }
  void advance(Duration by) {
    const std::scoped_lock lock(mutex_);
    now_ += by;
  }

 private:
  mutable std::mutex mutex_;
  Time now_;
};

/// A fresh folder, removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("kanal-test-" + new_uuid())) {
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// Defined by the build (cmake/test_paths.cpp.in).
/// The published samples and schemas; they are not part of the project.
std::filesystem::path shared_data();
/// The program that this build makes.
std::string kanal_program();

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Bytes that look random and are always the same.
inline Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 12345;
  for (auto& b : bytes) {
    state = state * 1664525U + 1013904223U;
    b = static_cast<std::byte>(state >> 24U);
  }
  return bytes;
}

}  // namespace kanal::testing
