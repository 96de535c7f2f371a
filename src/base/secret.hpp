// A text that must never be shown: no stream operator, no formatter, wiped when it goes.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace kanal {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  /// The text itself, for the one call that needs it.
  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  void wipe() {
    for (volatile char* p = text_.data(); p != text_.data() + text_.size(); ++p) *p = 0;
    text_.clear();
  }
  std::string text_;
};

}  // namespace kanal
