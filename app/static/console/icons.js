/** Icons of the console that several views use, for `addIcons`. */

export const consoleIcons = {
  back: "M15 6l-6 6 6 6",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  again: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
  bell: "M6 17v-6a6 6 0 0 1 12 0v6l1.5 1.5h-15zM10 21h4",
  empty: "M4 13l3-8h10l3 8v6H4zM4 13h5l1 2h4l1-2h5",
};
